import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Stripe } from 'stripe';
import { z } from 'zod';
import { escapeHtml } from './html.js';
import { TEST_CARDS } from './cards.js';
import type { Parts } from './resources.js';
import { invalid, missing, StripeSimulatorError } from './stripe-error.js';

const Act = z.object({ act: z.string().max(200).default('') });
const CheckoutAct = z.object({
  act: z.enum(['pay', 'later', 'decline', 'cancel']),
  card: z.string().max(40).default(''),
});

/** What people see in a browser: checkout, portal, receipts, and a page of all payments with buttons. */
export function registerPages(app: FastifyInstance, { store, payments, reversals }: Parts): void {
  const session = (id: string) => {
    const found = store.find('checkout.session', id);
    if (found === undefined) throw missing('checkout session', id);
    return found;
  };

  app.get<{ Params: { id: string } }>('/c/pay/:id', (request, reply) => {
    payments.expireOld();
    return page(reply, 'Checkout', checkout(session(request.params.id)));
  });

  app.post<{ Params: { id: string } }>('/c/pay/:id', (request, reply) => {
    payments.expireOld();
    const found = session(request.params.id);
    const { success, data } = CheckoutAct.safeParse(request.body);
    if (!success) throw invalid('There is no such button.');
    const { act, card } = data;
    try {
      if (act === 'pay') payments.pay(found, card);
      else if (act === 'later') payments.payLater(found);
      else if (act === 'decline') payments.pay(found, '4000000000000002');
    } catch (error) {
      if (!(error instanceof StripeSimulatorError)) throw error;
      const note = `<p class="bad">${escapeHtml(error.message)}</p>`;
      return page(reply.status(error.status), 'Checkout', note + checkout(found));
    } finally {
      store.save();
    }
    const target = act === 'cancel' ? found.cancel_url : found.success_url;
    return reply.redirect((target ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', found.id), 303);
  });

  app.get<{ Params: { id: string } }>('/receipts/:id', (request, reply) => {
    const charge = store.find('charge', request.params.id);
    if (charge === undefined) throw missing('charge', request.params.id);
    return page(reply, 'Receipt', `<p>${money(charge)} paid with ${escapeHtml(charge.id)}.</p>`);
  });

  app.get<{ Params: { id: string } }>('/p/:id', (request, reply) => {
    const portal = store.find('billing_portal.session', request.params.id);
    if (portal === undefined) throw missing('portal session', request.params.id);
    const cards = store
      .all('payment_method')
      .filter(({ customer }) => customer === portal.customer)
      .map(
        ({ id, card }) =>
          `<p>Card ending in ${card?.last4 ?? ''} ${button(`remove ${id}`, 'Remove')}</p>`,
      );
    const back =
      portal.return_url === null
        ? ''
        : `<p><a href="${escapeHtml(portal.return_url)}">Back</a></p>`;
    return page(reply, 'Your cards', `${cards.join('') || '<p>No card is saved.</p>'}${back}`);
  });

  app.post<{ Params: { id: string } }>('/p/:id', (request, reply) => {
    const portal = store.find('billing_portal.session', request.params.id);
    const method = store.find('payment_method', actOf(request.body).split(' ')[1]);
    if (method !== undefined && method.customer === portal?.customer) payments.detach(method);
    store.save();
    return reply.redirect(request.url, 303);
  });

  app.get('/', (_request, reply) => {
    const sessions = store
      .all('checkout.session')
      .filter(
        ({ status, payment_status, mode }) =>
          mode === 'payment' && status === 'complete' && payment_status === 'unpaid',
      );
    const waiting = sessions.map(
      (one) =>
        `<p>${money({ amount: one.amount_total ?? 0, currency: one.currency ?? '' })}, paid later: ${button(`arrive ${one.id}`, 'It arrives')}${button(`bounce ${one.id}`, 'It does not')}</p>`,
    );
    const charges = store
      .all('charge')
      .filter(({ status }) => status === 'succeeded')
      .slice(0, 100)
      .map((charge) => {
        const left = charge.amount > charge.amount_refunded && !charge.disputed;
        return `<p>${money(charge)}, ${money({ ...charge, amount: charge.amount_refunded })} refunded${charge.disputed ? ', disputed' : ''} ${left ? button(`refund ${charge.id}`, 'Refund') + button(`dispute ${charge.id}`, 'Dispute') : ''}</p>`;
      });
    const disputes = store
      .all('dispute')
      .filter(({ status }) => status.includes('needs_response'))
      .map(
        (one) =>
          `<p>Dispute of ${money(one)}: ${button(`won ${one.id}`, 'Won')}${button(`lost ${one.id}`, 'Lost')}</p>`,
      );
    const all = [...waiting, ...disputes, ...charges].join('');
    return page(reply, 'Payments', all === '' ? '<p>Nothing was paid yet.</p>' : all);
  });

  app.post('/', (request, reply) => {
    const [act, id] = actOf(request.body).split(' ');
    const charge = store.find('charge', id);
    const dispute = store.find('dispute', id);
    const waiting = store.find('checkout.session', id);
    if (act === 'refund' && charge) reversals.refund(charge, { metadata: {}, reason: null });
    if (act === 'dispute' && charge) reversals.open(charge);
    if ((act === 'won' || act === 'lost') && dispute) reversals.close(dispute, act);
    if (waiting) payments.settleLater(waiting, act === 'arrive');
    store.save();
    return reply.redirect('/', 303);
  });
}

/** Which button was pressed; '' for none. @throws StripeSimulatorError */
function actOf(body: unknown): string {
  const { success, data } = Act.safeParse(body ?? {});
  if (!success) throw invalid('There is no such button.');
  return data.act;
}

function checkout(session: Stripe.Checkout.Session): string {
  if (session.status !== 'open') return `<p>This page is ${session.status ?? 'closed'}.</p>`;
  const cards = Object.entries(TEST_CARDS)
    .map(([number, does]) => `<tr><td><code>${number}</code><td>${does}`)
    .join('');
  const sum =
    session.mode === 'setup'
      ? 'Save a card'
      : money({ amount: session.amount_total ?? 0, currency: session.currency ?? '' });
  const tax = session.total_details?.amount_tax ?? 0;
  const taxed =
    tax === 0
      ? ''
      : `<p>of which tax ${money({ amount: tax, currency: session.currency ?? '' })}</p>`;
  return `<p class="sum">${sum}</p>${taxed}<form method="post">
    <label>Card number <input name="card" value="4242 4242 4242 4242" inputmode="numeric" autocomplete="off"></label>
    <button name="act" value="pay">${session.mode === 'setup' ? 'Save' : 'Pay'}</button>
    ${session.mode === 'setup' ? '' : '<button name="act" value="later" class="second">Pay later, from a bank account</button>'}
    <button name="act" value="decline" class="second">Be declined</button>
    <button name="act" value="cancel" class="second">Cancel</button></form>
    <details><summary>Test cards</summary><table>${cards}</table></details>`;
}

function button(act: string, label: string): string {
  return `<form method="post" class="inline"><button name="act" value="${escapeHtml(act)}" class="second">${label}</button></form>`;
}

/** Two decimals, or none: enough for a page that moves no money. */
function money({ amount, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency || 'usd' });
  const { maximumFractionDigits = 2 } = format.resolvedOptions();
  return format.format(amount / 10 ** maximumFractionDigits);
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:0 auto;padding:0 1rem 3rem;color:#1a1a1a;background:#fff}
.banner{background:#ffd400;color:#000;font-size:1.5rem;font-weight:800;text-align:center;padding:1rem;margin:0 -1rem 1.5rem}
.sum{font-size:2rem;margin:.5rem 0}.bad{color:#b00020;font-weight:600}
label,input,button{display:block;font:inherit}input,button{width:100%;box-sizing:border-box;margin:.5rem 0;padding:.6rem;border:1px solid #888;border-radius:.4rem}
button{background:#1a4fd6;border-color:#1a4fd6;color:#fff;cursor:pointer}button.second{background:none;color:inherit;border-color:#888}
.inline,.inline button{display:inline-block;width:auto;margin:0 .25rem;padding:.2rem .6rem}td{padding:.1rem .8rem .1rem 0}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}input{background:#222;color:#eee}}`;

function page(reply: FastifyReply, title: string, body: string): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header(
      'content-security-policy',
      // A form leads on to the shop, so `form-action` cannot be set.
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    )
    .headers({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Stripe double</title><style>${STYLE}</style><p class="banner">NO MONEY MOVES<br><small>a local double of Stripe</small></p><h1>${title}</h1>${body}</html>`,
    );
}
