"""The style of the pages at the public door, light and dark, read from the left or the right."""

from typing import Final

CSS: Final = """
:root{color-scheme:light dark;--ground:#f3f4f1;--card:#fff;--ink:#18201c;--soft:#59655f;
--line:#dde1dc;--accent:#0d6b52;--on-accent:#fff;--bad:#ad2018;--bad-tint:#fdeeec;
--note:#6b4700;--note-tint:#fff0cd}
@media (prefers-color-scheme:dark){:root{--ground:#0e1311;--card:#171e1b;--ink:#ebf0ed;
--soft:#a3b0a9;--line:#2a3430;--accent:#4cc9a0;--on-accent:#04231a;--bad:#ffb0a6;
--bad-tint:#3b1815;--note:#ffd88a;--note-tint:#362a0f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);line-height:1.45;
font:1rem/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1,h2,p,ul{margin:0;padding:0}
.notice{background:var(--note-tint);color:var(--note);text-align:center;font-size:.875rem;
font-weight:600;padding:.55rem 1rem}
main{max-width:30rem;margin:0 auto;padding:1.25rem 1.25rem 2.5rem}
.shop{display:flex;align-items:center;gap:.75rem;font-weight:600;overflow-wrap:anywhere}
.mark{display:grid;place-items:center;width:2.25rem;height:2.25rem;border-radius:.7rem;flex:none;
background:var(--accent);color:var(--on-accent);font-weight:700}
.logo{height:2.75rem;max-width:8rem;object-fit:contain;flex:none}
.due{margin:1.25rem 0 .75rem}
.due p{color:var(--soft)}
.due h1{font-size:clamp(1.75rem,10vw,2.75rem);line-height:1.1;letter-spacing:-.02em;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
[dir=rtl] h1{letter-spacing:0}
.lines{list-style:none;font-size:.9375rem}
.lines li{display:flex;justify-content:space-between;gap:1.25rem;padding:.55rem 0;
border-top:1px solid var(--line)}
.lines span{min-width:0;overflow-wrap:anywhere}
.lines b{font-weight:500;white-space:nowrap;font-variant-numeric:tabular-nums}
.sheet{display:none;background:var(--card);border-radius:1.25rem;padding:1.25rem;
margin-top:1.25rem}
noscript .sheet,[data-state=word] .sheet,[data-state=open] .on-open,
[data-state=loading] .on-loading,[data-state=wait] .on-wait,[data-state=processing] .on-processing,
[data-state=paid] .on-paid,[data-state=failed] .on-failed,[data-state=closed] .on-closed,
[data-state=broken] .on-broken{display:block}
.word{text-align:center;padding:2rem 1.25rem}
.word h2{font-size:clamp(1.2rem,6vw,1.5rem);line-height:1.2;margin-bottom:.5rem;text-wrap:balance}
.word,button.pay{hyphens:auto;overflow-wrap:break-word}
.word p{color:var(--soft)}
.alert{background:var(--bad-tint);color:var(--bad);font-weight:600;padding:.75rem 1rem;
border-radius:.75rem;margin-bottom:1rem}
#field{min-height:4rem}
#field>input{width:100%;min-height:3rem;margin-top:.5rem;padding:0 .8rem;font:inherit;
font-size:1.0625rem;border:1px solid var(--soft);border-radius:.6rem}
button.pay{width:100%;min-height:3.5rem;margin-top:1rem;border:0;border-radius:.9rem;
background:var(--accent);color:var(--on-accent);font:inherit;font-size:1.125rem;font-weight:700;
cursor:pointer}
button.pay:disabled{opacity:.65;cursor:progress}
.unseen{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}
@media (scripting:none){.on-loading.sheet{display:none}}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""
