"""The pay page's script.

What the provider's script says of a payment is the customer's side of it: that it is paid, the page
says only once the till's own books do. What it says in words stands in the page, in the customer's
language.
"""

from typing import Final

SCRIPT: Final = """
(() => {
  'use strict';
  const here = location.pathname.replace(/\\/+$/, '');
  const form = document.getElementById('pay'), button = form.querySelector('button');
  const problem = document.getElementById('problem');
  const over = ['paid', 'failed', 'closed'];
  const isBack = new URLSearchParams(location.search).has('payment_intent');
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const words = form.dataset;
  const told = document.getElementById('told');
  const show = state => {
    if (document.body.dataset.state === state) return;
    document.body.dataset.state = state;
    // A part that comes into sight is read out by nobody; what is written here is.
    const sheet = document.querySelector('.word.on-' + state);
    told.textContent = sheet ? [...sheet.children].map(each => each.textContent).join('. ') : '';
  };
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

  // The provider's field looks as the page does, a shop's own stylesheet included.
  const appearance = () => {
    const probe = document.createElement('i');
    form.append(probe);
    const colour = name => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    };
    const variables = {colorPrimary: colour('--accent'), colorBackground: colour('--card'),
      colorText: colour('--ink'), colorTextSecondary: colour('--soft'),
      colorDanger: colour('--bad'), fontFamily: getComputedStyle(form).fontFamily};
    probe.remove();
    return {theme: 'stripe', variables};
  };

  const full = (config, secret) => {
    const stripe = Stripe(config.publishableKey, {locale: config.locale});
    const elements = stripe.elements({clientSecret: secret, appearance: appearance()});
    matchMedia('(prefers-color-scheme: dark)').addEventListener(
      'change', () => elements.update({appearance: appearance()}));
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
          return isDone ? {} : {error: no || {message: words.bank}};
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
        complain(result.error.message || words.again);
        button.disabled = false;
        await watch();
        return;
      }
      await follow();
    });
    const intent = isBack ? await desk.read() : null;
    if (intent && intent.status !== 'requires_payment_method') { await follow(); return; }
    if (intent) complain(words.back);
    button.disabled = false; show('open');
    later();
  };
  begin().catch(fault => {
    if (over.includes(fault.state)) show(fault.state);
    else if (fault.status === 404 || fault.status === 409) show('closed');
    // Who was at the bank may have paid: that nothing was charged, nobody here knows.
    else if (isBack) return follow();
    else show('broken');
  });
})();
"""
