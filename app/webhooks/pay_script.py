"""The pay page's style and script.

What the provider's script says of a payment is the customer's side of it: that it is paid, the page
says only once the till's own books do.
"""

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
.due{margin:1.25rem 0 .75rem}
.due p{color:var(--soft)}
.due h1{font-size:clamp(1.75rem,10vw,2.75rem);line-height:1.1;letter-spacing:-.02em;
font-variant-numeric:tabular-nums}
.lines{list-style:none;font-size:.9375rem}
.lines li{display:flex;justify-content:space-between;gap:1.25rem;padding:.55rem 0;
border-top:1px solid var(--line)}
.lines span{min-width:0;overflow-wrap:anywhere}
.lines b{font-weight:500;white-space:nowrap;font-variant-numeric:tabular-nums}
.sheet{display:none;background:var(--card);border-radius:1.25rem;padding:1.25rem;
margin-top:1.25rem}
noscript .sheet,[data-state=unknown] .sheet,[data-state=open] .on-open,
[data-state=loading] .on-loading,[data-state=wait] .on-wait,[data-state=processing] .on-processing,
[data-state=paid] .on-paid,[data-state=failed] .on-failed,[data-state=closed] .on-closed,
[data-state=broken] .on-broken{display:block}
.word{text-align:center;padding:2rem 1.25rem}
.word h2{font-size:1.5rem;line-height:1.2;margin-bottom:.5rem}
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
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""

SCRIPT: Final = """
(() => {
  'use strict';
  const here = location.pathname.replace(/\\/+$/, '');
  const form = document.getElementById('pay'), button = form.querySelector('button');
  const problem = document.getElementById('problem');
  const over = ['paid', 'failed', 'closed'];
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const show = state => { document.body.dataset.state = state; };
  const complain = words => { problem.textContent = words || ''; problem.hidden = !words; };

  const ask = async (what, told) => {
    const reply = await fetch(here + '/' + what, told === undefined ? {} : {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(told)});
    const body = await reply.json();
    if (!reply.ok) throw Object.assign(new Error(body.error), {status: reply.status, ...body});
    return body;
  };
  const patiently = async (what, told) => {
    for (let tries = 1; ; tries += 1) {
      try { return await ask(what, told); } catch (refused) {
        const isLater = !refused.status || refused.status === 429 || refused.status === 503;
        if (!isLater || tries === 8) throw refused;
        await pause(1000 * Math.min(tries, 4));
      }
    }
  };
  const load = url => new Promise((done, failed) => {
    const script = document.createElement('script');
    script.src = url; script.onload = done; script.onerror = failed;
    document.head.append(script);
  });

  // The provider's script is done: only the till's books say how it ended.
  const follow = async () => {
    for (;;) {
      let told = {state: 'wait'};
      try { told = await ask('state?look'); } catch (lost) {
        if (lost.status === 404) told = {state: 'closed'};
      }
      show(told.state === 'open' ? 'wait' : told.state);
      if (over.includes(told.state)) return;
      await pause(1000);
    }
  };
  const later = async () => { for (;;) { await pause(4000); await watch(); } };
  const watch = async () => {
    if (document.body.dataset.state !== 'open' || button.disabled) return;
    try {
      const told = await ask('state');
      if (over.includes(told.state) && !button.disabled) show(told.state);
    } catch (lost) { if (lost.status === 404) show('closed'); }
  };

  const full = (config, secret) => {
    const stripe = Stripe(config.publishableKey);
    const elements = stripe.elements({clientSecret: secret});
    elements.create('payment').mount('#field');
    return {
      pay: () => stripe.confirmPayment({elements, redirect: 'if_required',
        confirmParams: {return_url: location.origin + here}}),
      read: async () => (await stripe.retrievePaymentIntent(secret)).paymentIntent,
    };
  };
  // A double's script: a card field, no Payment Element; the till confirms by itself.
  const minimal = (config, secret) => {
    const stripe = Stripe(config.publishableKey);
    const card = stripe.elements().create('card');
    card.mount('#field');
    return {
      pay: async () => {
        const {token, error} = await stripe.createToken(card);
        if (error || !token) return {error: error || {}};
        try {
          const told = await ask('confirm', {payment_method: token.card.id});
          if (told.state !== 'open') return {};
          // The bank asks; a double has a window of its own for that.
          const {paymentIntent, error: no} = await stripe.confirmCardPayment(secret);
          const isDone = paymentIntent && paymentIntent.status === 'succeeded';
          return isDone ? {} : {error: no || {message: 'The bank did not agree. Try again.'}};
        } catch (refused) { return {error: {message: refused.message}}; }
      },
      read: async () => null,
    };
  };

  const begin = async () => {
    const told = await patiently('state');
    if (over.includes(told.state) || told.state === 'processing') { await follow(); return; }
    const config = await patiently('config');
    const {clientSecret} = await patiently('intent', {});
    await load(config.scriptUrl);
    const desk = (config.isMinimal ? minimal : full)(config, clientSecret);
    form.addEventListener('submit', async event => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true; complain('');
      let result;
      try { result = await desk.pay(); } catch (fault) { result = {error: {}}; }
      if (result.error) {
        complain(result.error.message || 'That did not work. Check the card and try again.');
        button.disabled = false;
        await watch();
        return;
      }
      await follow();
    });
    const isBack = new URLSearchParams(location.search).has('payment_intent');
    const intent = isBack ? await desk.read() : null;
    if (intent && intent.status !== 'requires_payment_method') { await follow(); return; }
    if (isBack) complain('The payment did not come about. Nothing was charged; try again.');
    button.disabled = false; show('open');
    later();
  };
  begin().catch(fault => {
    if (over.includes(fault.state)) show(fault.state);
    else show(fault.status === 404 || fault.status === 409 ? 'closed' : 'broken');
  });
})();
"""
