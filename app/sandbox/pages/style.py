"""The look of the simulator's pages: calm, large, one accent, light and dark."""

from app.sandbox.pages.markup import Markup

CSS = Markup("""
:root{color-scheme:light dark;--ground:#f3f4f1;--card:#fff;--ink:#18201c;--soft:#59655f;
--line:#dde1dc;--edge:#828e87;--accent:#0d6b52;--accent-deep:#09533f;--on-accent:#fff;
--tint:#e5f1ec;--bad:#ad2018;--bad-tint:#fdeeec;--sim:#6b4700;--sim-tint:#fff0cd;
--shadow:0 1px 2px rgb(20 32 26/.06),0 12px 32px rgb(20 32 26/.07)}
@media (prefers-color-scheme:dark){:root{--ground:#0e1311;--card:#171e1b;--ink:#ebf0ed;
--soft:#a3b0a9;--line:#2a3430;--edge:#6d7b74;--accent:#4cc9a0;--accent-deep:#6fdcb8;
--on-accent:#04231a;--tint:#15302a;--bad:#ffb0a6;--bad-tint:#3b1815;--sim:#ffd88a;
--sim-tint:#362a0f;--shadow:0 1px 2px rgb(0 0 0/.4)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;
background:var(--ground);color:var(--ink);line-height:1.45;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-size:1rem;
-webkit-font-smoothing:antialiased}
h1,h2,p,ul,dl,dd,fieldset{margin:0;padding:0;border:0}
a{color:var(--accent);text-underline-offset:.2em}
svg{display:block;flex:none}
.sim{background:var(--sim-tint);color:var(--sim);text-align:center;font-size:.875rem;
font-weight:600;padding:.55rem 1rem;letter-spacing:.01em}
main{flex:1;width:100%;max-width:30rem;margin:0 auto;padding:1.25rem 1.25rem 2.5rem}
.shop{display:flex;align-items:center;gap:.75rem;font-weight:600;overflow-wrap:anywhere}
.mark{display:grid;place-items:center;width:2.25rem;height:2.25rem;border-radius:.7rem;
background:var(--accent);color:var(--on-accent);font-weight:700;flex:none}
.due{margin:1.5rem 0 1.25rem}
.due p{color:var(--soft)}
.due h1{font-size:clamp(2.25rem,12vw,3rem);line-height:1.1;font-weight:700;letter-spacing:-.025em;
font-variant-numeric:tabular-nums;white-space:nowrap}
.due h1.wide{font-size:clamp(1.5rem,9vw,2.5rem)}
.lines{list-style:none;font-size:.9375rem}
.lines li{display:flex;justify-content:space-between;gap:1.25rem;padding:.6rem 0;
border-top:1px solid var(--line)}
.lines li>span:first-child{min-width:0;overflow-wrap:anywhere}
.lines small{display:block;color:var(--soft);font-size:.8125rem}
.lines b{font-weight:500;white-space:nowrap;font-variant-numeric:tabular-nums}
.lines .sum{font-weight:650}.lines .sum b{font-weight:650}
summary{cursor:pointer;list-style:none;display:flex;align-items:center;gap:.5rem;
min-height:2.75rem;color:var(--accent);font-weight:600;font-size:.9375rem}
summary::-webkit-details-marker{display:none}
summary::after{content:"";width:.5rem;height:.5rem;border:solid currentColor;
border-width:0 2px 2px 0;transform:translateY(-2px) rotate(45deg)}
details[open]>summary::after{transform:translateY(2px) rotate(225deg)}
.sheet{background:var(--card);border-radius:1.25rem;box-shadow:var(--shadow);padding:1.5rem 1.25rem;
margin-top:1.25rem}
.sheet h2{font-size:1.125rem;font-weight:650;letter-spacing:-.01em;margin-bottom:1rem}
label{display:block;font-size:.875rem;font-weight:600;margin-bottom:.4rem}
label i{font-style:normal;font-weight:400;color:var(--soft)}
.field{margin-bottom:1rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
input{width:100%;height:3.25rem;padding:0 .9rem;font:inherit;font-size:1.0625rem;color:inherit;
background:var(--card);border:1px solid var(--edge);border-radius:.75rem;
font-variant-numeric:tabular-nums}
#iban{font-size:1rem;padding:0 .7rem}
input::placeholder{color:var(--soft);opacity:1}
input[aria-invalid]{border:2px solid var(--bad)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
input:focus-visible{outline-offset:0;border-color:var(--accent)}
button.pay{width:100%;min-height:3.75rem;margin-top:.5rem;padding:.75rem 1rem;border:0;
border-radius:.9rem;background:var(--accent);color:var(--on-accent);font:inherit;
font-size:1.1875rem;font-weight:700;cursor:pointer;font-variant-numeric:tabular-nums}
button.pay:hover{background:var(--accent-deep)}
button.pay:disabled{opacity:.65;cursor:progress}
.alert{display:flex;gap:.7rem;padding:.85rem 1rem;margin-bottom:1.25rem;border-radius:.75rem;
background:var(--bad-tint);color:var(--bad);font-weight:600}
.alert span{font-weight:400;display:block;font-size:.9375rem}
.leave{display:flex;align-items:center;justify-content:center;min-height:3rem;margin-top:.75rem}
.quiet{color:var(--soft);font-size:.875rem;text-wrap:pretty}
.methods{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;margin-bottom:1.25rem}
.methods label{margin:0;cursor:pointer}
.methods input{position:absolute;opacity:0;width:1px;height:1px}
.methods span{display:flex;align-items:center;justify-content:center;min-height:3.25rem;
padding:.4rem .6rem;text-align:center;line-height:1.2;border:1px solid var(--edge);
border-radius:.75rem;text-wrap:balance}
.methods input:checked+span{border:2px solid var(--accent);background:var(--tint);
color:var(--accent)}
.methods input:focus-visible+span{outline:3px solid var(--accent);outline-offset:2px}
form .by-other.quiet{margin-bottom:1rem}
form:has([value=card]:checked) .by-other,
form:has([name=method]:checked:not([value=card])) .by-card{display:none}
.bank{padding:2rem 1.5rem 1.5rem}
.bank .sign{display:grid;place-items:center;width:4.5rem;height:4.5rem;margin-bottom:1rem;
border-radius:1.25rem;background:var(--tint);color:var(--accent)}
.bank h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;margin:.15rem 0 1.25rem;
text-wrap:balance}
.bank dl{margin-bottom:1.25rem;font-variant-numeric:tabular-nums}
.bank dl div{display:flex;justify-content:space-between;gap:1.25rem;padding:.7rem 0;
border-top:1px solid var(--line)}
.bank dl div:last-child{border-bottom:1px solid var(--line)}
.bank dt{color:var(--soft)}
.bank dd{overflow-wrap:anywhere;text-align:right}
.bank form+form+.quiet{margin-top:1.25rem;text-align:center;text-wrap:balance}
button.second{background:transparent;color:var(--accent);border:1px solid var(--edge)}
button.second:hover{background:var(--tint)}
.cards{margin-top:.5rem;border-top:1px solid var(--line);padding-top:.5rem}
.cards ul{list-style:none;display:grid;gap:.5rem;padding-bottom:.5rem}
.cards li{display:flex;justify-content:space-between;align-items:center;gap:.1rem .75rem;
font-size:.9375rem}
.cards .below li{flex-direction:column;align-items:flex-start}
.cards code{font:inherit;font-variant-numeric:tabular-nums;white-space:nowrap}
.cards button{font:inherit;font-variant-numeric:tabular-nums;white-space:nowrap;color:var(--accent);
background:var(--tint);border:0;border-radius:.6rem;padding:0 .7rem;min-height:2.75rem;
cursor:pointer;font-weight:600}
.cards li>span{color:var(--soft);font-size:.875rem;text-align:right}
.word{text-align:center;padding:2.5rem 1.5rem 2rem;margin-top:12vh}
.word .sign{display:grid;place-items:center;width:5.5rem;height:5.5rem;margin:0 auto 1.5rem;
border-radius:50%;background:var(--tint);color:var(--accent)}
.word.good .sign{background:var(--accent);color:var(--on-accent)}
.word.bad .sign{background:var(--bad-tint);color:var(--bad)}
.word.still .sign{background:var(--ground);color:var(--soft)}
.word h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;margin-bottom:.75rem;
text-wrap:balance}
.word p{color:var(--soft);text-wrap:balance;max-width:26rem;margin:0 auto .5rem}
.word .sum{color:var(--ink);font-size:1.25rem;font-weight:650;font-variant-numeric:tabular-nums}
.word a.button{display:inline-flex;align-items:center;justify-content:center;min-height:3.25rem;
padding:0 1.5rem;margin-top:1rem;border-radius:.9rem;background:var(--accent);
color:var(--on-accent);font-weight:650;text-decoration:none}
footer{text-wrap:balance;padding:1rem 1.25rem 1.5rem;text-align:center;
color:var(--soft);font-size:.8125rem}
@media (max-height:36rem){.word{margin-top:1rem}}
@media (min-width:60rem){main.two{max-width:64rem;display:grid;align-items:start;
grid-template-columns:1fr 1fr;gap:5rem;padding-top:4.5rem}
main.two .sheet{margin-top:0;padding:2rem}
.due h1:not(.wide){font-size:3.25rem}}
@media (prefers-reduced-motion:no-preference){button,input{transition:background .15s,
border-color .15s}}
""")

SCRIPT = Markup("""
(()=>{for(const f of document.forms){const b=f.querySelector('.pay'),t=b.textContent;
f.addEventListener('submit',v=>{if(b.disabled){v.preventDefault();return}
b.disabled=true;b.textContent=b.dataset.busy});
addEventListener('pageshow',()=>{b.disabled=false;b.textContent=t})}
const f=document.forms[0];if(!f)return;const b=f.querySelector('.pay');
const n=f.card_number,e=f.exp,i=f.iban;
const fours=v=>v.replace(/(.{4})(?=.)/g,'$1 ');
const grow=(k,clean)=>k&&k.addEventListener('input',()=>{
if(k.selectionStart===k.value.length)k.value=fours(clean(k.value))});
grow(n,v=>v.replace(/[^0-9]/g,'').slice(0,19));
grow(i,v=>v.toUpperCase().replace(/[^0-9A-Z]/g,'').slice(0,34));
if(!n)return;
e.addEventListener('input',v=>{let d=e.value.replace(/[^0-9]/g,'').slice(0,4);
if(d.length===1&&d>'1')d='0'+d;
if(v.inputType!=='deleteContentBackward'&&d.length>=2)d=d.slice(0,2)+'/'+d.slice(2);
else if(d.length>2)d=d.slice(0,2)+'/'+d.slice(2);e.value=d});
for(const c of document.querySelectorAll('[data-fill]')){const k=document.createElement('button');
k.type='button';k.textContent=c.textContent;k.setAttribute('aria-label','Use '+c.textContent);
k.addEventListener('click',()=>{const w=f.elements[c.dataset.fill];w.value=c.textContent;
if(w===n){e.value='12/34';f.cvc.value='123'}
if(f.method)f.method.value=c.dataset.way;
if(w!==n&&!f.elements.name.value)f.elements.name.value='Ada Sample';
b.scrollIntoView({block:'center'});b.focus()});c.replaceWith(k)}})();
""")
