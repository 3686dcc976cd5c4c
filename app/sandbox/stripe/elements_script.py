"""The text of the simulator's Stripe.js and of its frame.

Page and frame talk by messages: a request has a number and what to do, its answer the same number.
Each side minds the other's window and origin.
"""

import json

from app.sandbox.stripe.elements_words import RIGHT_TO_LEFT, WORDS

STRIPE_JS = """\
(() => {
  'use strict';
  const base = new URL(document.currentScript.src).origin;
  let last = 0;

  class Frame {
    constructor(hidden, locale) {
      this.waiting = new Map();
      this.listeners = {};
      this.node = document.createElement('iframe');
      this.node.title = 'Secure payment input frame';
      this.node.name = '__privateStripeFrame' + (++last);
      this.node.allow = 'payment *';
      this.node.style.cssText = hidden
        ? 'display:none' : 'border:0;width:100%;height:190px;display:block';
      this.loaded = new Promise(done => { this.node.addEventListener('load', done); });
      this.node.src = base + '/v3/frame?locale=' + encodeURIComponent(locale)
        + (hidden ? '&controller' : '');
      addEventListener('message', event => this.heard(event));
    }
    heard(event) {
      if (event.origin !== base || event.source !== this.node.contentWindow) return;
      const told = event.data || {};
      if (told.height) this.node.style.height = told.height + 'px';
      if (told.event) (this.listeners[told.event] || []).forEach(each => each(told.detail || {}));
      const answer = this.waiting.get(told.answers);
      if (answer) { this.waiting.delete(told.answers); answer(told.result); }
    }
    async ask(order) {
      await this.loaded;
      const number = ++last;
      return new Promise(answer => {
        this.waiting.set(number, answer);
        this.node.contentWindow.postMessage({...order, number}, base);
      });
    }
  }

  class Element {
    constructor(locale) { this.frame = new Frame(false, locale); }
    mount(place) {
      const node = typeof place === 'string' ? document.querySelector(place) : place;
      if (!node) throw new Error('The selector you specified applies to no DOM element.');
      node.append(this.frame.node);
      this.frame.loaded.then(() => this.frame.heard({
        origin: base, source: this.frame.node.contentWindow, data: {event: 'ready'}}));
    }
    on(event, listener) {
      (this.frame.listeners[event] ||= []).push(listener);
      return this;
    }
    unmount() { this.frame.node.remove(); }
    destroy() { this.unmount(); }
  }

  class Elements {
    constructor(clientSecret, locale, appearance) {
      Object.assign(this, {clientSecret, locale, appearance, payment: null});
    }
    create(kind) {
      if (kind !== 'payment') throw new Error('The simulator has the Payment Element only.');
      if (this.payment) throw new Error('Can only create one Element of type payment.');
      this.payment = new Element(this.locale);
      this.payment.frame.ask({do: 'dress', ...variablesOf(this.appearance)});
      return this.payment;
    }
    update({appearance}) {
      this.appearance = appearance;
      if (this.payment) this.payment.frame.ask({do: 'dress', ...variablesOf(appearance)});
    }
    getElement(kind) { return kind === 'payment' ? this.payment : null; }
    async fetchUpdates() { return {}; }
    async submit() {
      return this.payment ? this.payment.frame.ask({do: 'check'}) : {};
    }
  }

  const colour = /^(#[0-9a-f]{3,8}|(rgb|hsl)a?\\([^)]*\\)|[a-z]+)$/i;
  const variablesOf = appearance => {
    const variables = (appearance || {}).variables || {};
    for (const [name, value] of Object.entries(variables)) {
      if (name.startsWith('color') && !colour.test(value)) {
        throw new Error(`elements(): variables.${name} is not a colour that can be parsed.`);
      }
    }
    return {variables};
  };

  const intentOf = clientSecret => {
    const match = /^(pi_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/.exec(String(clientSecret));
    if (!match) throw new Error('Invalid value for the client secret of a PaymentIntent.');
    return match[1];
  };

  window.Stripe = (key, {locale = 'auto'} = {}) => {
    if (!/^pk_/.test(String(key))) {
      throw new Error('Please use a publishable key (pk_...) with Stripe.js.');
    }
    let controller = null;
    const hidden = () => {
      if (!controller) {
        controller = new Frame(true, locale);
        document.body.append(controller.node);
      }
      return controller;
    };
    return {
      elements(options) {
        intentOf((options || {}).clientSecret);
        return new Elements(
          options.clientSecret, options.locale || locale, options.appearance);
      },
      async confirmPayment({elements, confirmParams, redirect}) {
        const back = (confirmParams || {}).return_url;
        const always = redirect !== 'if_required';
        if (always && !back) throw new Error('confirmPayment needs a return_url.');
        if (!elements.payment) throw new Error('The Payment Element is not mounted.');
        const result = await elements.payment.frame.ask({
          do: 'confirm', key, clientSecret: elements.clientSecret,
          intent: intentOf(elements.clientSecret), returnUrl: back || ''});
        if (!result.error && always) {
          const url = new URL(back);
          url.searchParams.set('payment_intent', result.paymentIntent.id);
          url.searchParams.set('payment_intent_client_secret', elements.clientSecret);
          url.searchParams.set('redirect_status', 'succeeded');
          location.href = url.href;
          return new Promise(() => {});
        }
        return result;
      },
      async retrievePaymentIntent(clientSecret) {
        return hidden().ask({do: 'retrieve', key, clientSecret, intent: intentOf(clientSecret)});
      },
    };
  };
  window.Stripe.version = 3;
})();
"""

FRAME_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Card</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><style>{css}</style></head>
<body><p class="sim" data-says="simulator"></p>
<div id="card"><label><span data-says="number"></span>
<input name="card_number" inputmode="numeric" autocomplete="cc-number" dir="ltr"
placeholder="1234 1234 1234 1234"></label>
<div class="pair"><label><span data-says="expiry"></span>
<input name="exp" inputmode="numeric" autocomplete="cc-exp" dir="ltr"></label>
<label><span data-says="cvc"></span>
<input name="cvc" inputmode="numeric" autocomplete="cc-csc" dir="ltr" placeholder="123"></label>
</div></div>
<div id="bank" hidden><p data-says="bank"></p>
<div class="pair"><button type="button" id="complete" data-says="complete"></button>
<button type="button" id="fail" data-says="fail"></button></div></div>
<script>{script}</script></body></html>
"""

FRAME_CSS = """
*{box-sizing:border-box}
body{margin:0;font:16px/1.4 var(--fontFamily,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif);
color:var(--colorText,CanvasText)}
.sim{margin:0 0 .6rem;font-size:.8rem;font-weight:600;color:#8a5a00}
label{display:block;font-size:.875rem;font-weight:600;margin-bottom:.75rem}
input{display:block;width:100%;height:3rem;margin-top:.3rem;padding:0 .8rem;font:inherit;
font-size:1.0625rem;font-weight:400;border:1px solid #828e87;border-radius:.6rem;
background:var(--colorBackground,Field);
color:var(--colorText,FieldText)}
input:focus-visible{outline:3px solid var(--colorPrimary,Highlight)}
input::placeholder{color:var(--colorTextSecondary,color-mix(in srgb,FieldText 70%,Field))}
input[aria-invalid]{border:2px solid var(--colorDanger,#ad2018)}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button{min-height:3rem;font:inherit;font-weight:700;border:1px solid #828e87;border-radius:.6rem;
background:ButtonFace;color:ButtonText;cursor:pointer}
@media (prefers-color-scheme:dark){.sim{color:#ffd88a}}
"""

_FRAME_SCRIPT = """
(() => {
  'use strict';
  const languages = LANGUAGES, fromTheRight = FROM_THE_RIGHT;
  const asked = new URLSearchParams(location.search).get('locale') || 'auto';
  const tag = asked === 'auto' ? navigator.language : asked, language = tag.split('-')[0];
  const words = languages[language] || languages.en;
  document.documentElement.lang = languages[language] ? language : 'en';
  document.documentElement.dir = fromTheRight.includes(language) ? 'rtl' : 'ltr';
  for (const each of document.querySelectorAll('[data-says]')) {
    each.textContent = words[each.dataset.says];
  }
  const field = name => document.querySelector(`[name=${name}]`);
  field('exp').placeholder = words.month;
  const card = document.getElementById('card'), bank = document.getElementById('bank');
  let shop = null;
  const tell = (what) => { if (shop) parent.postMessage(what, shop); };
  const grow = () => tell({height: document.body.scrollHeight + 4});

  field('card_number').addEventListener('input', event => {
    const input = event.target;
    if (input.selectionStart !== input.value.length) return;
    input.value = input.value.replace(/[^0-9]/g, '').slice(0, 19).replace(/(.{4})(?=.)/g, '$1 ');
  });
  field('exp').addEventListener('input', event => {
    let digits = event.target.value.replace(/[^0-9]/g, '').slice(0, 4);
    if (digits.length === 1 && digits > '1') digits = '0' + digits;
    const deletes = event.inputType === 'deleteContentBackward';
    event.target.value = digits.length > 2 || (digits.length === 2 && !deletes)
      ? digits.slice(0, 2) + '/' + digits.slice(2) : digits;
  });

  const wrong = (name, code) => {
    for (const input of document.querySelectorAll('input')) input.removeAttribute('aria-invalid');
    if (name) field(name).setAttribute('aria-invalid', 'true');
    return {error: {type: 'validation_error', code, message: words[code]}};
  };
  const checked = () => {
    const digits = field('card_number').value.replace(/[^0-9]/g, '');
    const exp = /^(\\d\\d)\\/(\\d\\d)$/.exec(field('exp').value), cvc = field('cvc').value;
    if (digits.length < 12) return wrong('card_number', 'incomplete_number');
    if (!exp || exp[1] < '01' || exp[1] > '12') {
      return wrong('exp', 'incomplete_expiry');
    }
    if (!/^\\d{3,4}$/.test(cvc)) return wrong('cvc', 'incomplete_cvc');
    wrong('', '');
    return {digits, month: exp[1], year: '20' + exp[2], cvc};
  };
  const call = async (order, method, path, fields) => {
    const form = new URLSearchParams({client_secret: order.clientSecret, ...fields});
    const url = '/v1/payment_intents/' + order.intent + path;
    const read = method === 'GET';
    try {
      const reply = await fetch(read ? url + '?' + form : url, {
        method, headers: {Authorization: 'Bearer ' + order.key}, ...(read ? {} : {body: form})});
      const body = await reply.json();
      if (reply.ok) return {paymentIntent: body};
      return {error: {...body.error, message: words[body.error.code] || body.error.message}};
    } catch (lost) {
      return {error: {type: 'api_connection_error', message: words.no_connection}};
    }
  };
  const verdict = () => new Promise(done => {
    card.hidden = true; bank.hidden = false; grow();
    for (const id of ['complete', 'fail']) {
      document.getElementById(id).onclick = () => {
        card.hidden = false; bank.hidden = true; grow(); done(id);
      };
    }
  });
  const work = {
    async dress({variables}) {
      for (const [name, value] of Object.entries(variables)) {
        document.documentElement.style.setProperty('--' + name, value);
      }
      return {};
    },
    async check() { const entry = checked(); return entry.error ? entry : {}; },
    async retrieve(order) { return call(order, 'GET', '', {}); },
    async confirm(order) {
      const entry = checked();
      if (entry.error) return entry;
      const result = await call(order, 'POST', '/confirm', {
        ...(order.returnUrl ? {return_url: order.returnUrl} : {}),
        'payment_method_data[type]': 'card',
        'payment_method_data[card][number]': entry.digits,
        'payment_method_data[card][exp_month]': entry.month,
        'payment_method_data[card][exp_year]': entry.year,
        'payment_method_data[card][cvc]': entry.cvc});
      if (result.error && result.error.param && field(result.error.param)) {
        wrong(result.error.param, '');
      }
      if (result.error || result.paymentIntent.status !== 'requires_action') return result;
      return call(order, 'POST', '/authenticate', {verdict: await verdict()});
    },
  };
  addEventListener('message', async event => {
    if (event.source !== parent || !Object.hasOwn(work, (event.data || {}).do)) return;
    shop = event.origin;
    tell({answers: event.data.number, result: await work[event.data.do](event.data)});
    grow();
  });
})();
"""

FRAME_SCRIPT = _FRAME_SCRIPT.replace("LANGUAGES", json.dumps(WORDS, ensure_ascii=False)).replace(
    "FROM_THE_RIGHT", json.dumps(RIGHT_TO_LEFT)
)
