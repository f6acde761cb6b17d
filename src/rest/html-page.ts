import type { FastifyReply } from 'fastify';
import { pageHeaders } from '../http/browser.js';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'h1{font-size:1.4rem}label,input,button{display:block;font:inherit}input,button{width:100%;box-sizing:border-box;margin:.5rem 0 1rem;padding:.6rem;border:1px solid #888;border-radius:.4rem}' +
  'button{background:#1a4fd6;border-color:#1a4fd6;color:#fff;cursor:pointer}' +
  '@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}input{background:#222;color:#eee}}';

/** A page without script, and with nothing from elsewhere. @param body HTML; texts in it are escaped */
export function sendPage(
  reply: FastifyReply,
  status: number,
  title: string,
  body: string,
): FastifyReply {
  return (
    reply
      .status(status)
      .type('text/html; charset=utf-8')
      // The token is in the address: no other site gets it by a referrer.
      .headers(pageHeaders({ 'style-src': "'unsafe-inline'", 'form-action': "'self'" }))
      .send(
        `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · gigarouter</title><style>${STYLE}</style><h1>${title}</h1>${body}</html>`,
      )
  );
}
