// The heartbeat in Fastify, as a peer would write it: check the token's HMAC, read the body by a schema, call the same script, count
// the request, answer with the same headers. It remembers what ours remembers, too: tokens that it has verified, and the media token of a
// session for a minute. PEER_PIPELINING: send what is asked in one turn of the event loop as one write (ioredis' auto-pipelining).
// Needs what is no dependency of ours: `npm install --prefix FOLDER fastify@5 ioredis@5 prom-client@15`.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.env.PEER}/package.json`);
const Fastify = require('fastify');
const Redis = require('ioredis');
const metrics = require('prom-client');
const given = JSON.parse(readFileSync(process.env.PEER_FACTS, 'utf8'));
const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: Boolean(process.env.PEER_PIPELINING) });
redis.defineCommand('beat', { numberOfKeys: given.keys, lua: given.lua });
const route = '/api/v1/playback/sessions/:id/heartbeat';
const requests = new metrics.Counter({ name: 'requests_total', help: 'Requests answered.', labelNames: ['method', 'route', 'status'] });
const latency = new metrics.Histogram({
  name: 'request_seconds', help: 'Seconds from request to answer.', labelNames: ['route'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});
const seats = new Map();

function read(text) {
  const cut = text.lastIndexOf('.');
  const message = text.slice(0, cut);
  const mine = createHmac('sha256', given.key).update(message).digest();
  const theirs = Buffer.from(text.slice(cut + 1), 'base64url');
  if (mine.length !== theirs.length || !timingSafeEqual(mine, theirs)) return null;
  return JSON.parse(Buffer.from(message.slice(message.indexOf('.') + 1), 'base64url'));
}

function signed(claims) {
  const message = `ottm_${given.keyId}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${message}.${createHmac('sha256', given.key).update(message).digest('base64url')}`;
}

function seat(text) {
  const known = seats.get(text);
  if (known) return known;
  const claims = read(text);
  if (!claims) return null;
  const [session, account, profile, asset] = claims;
  const [content, card, next, epoch, duration, credits, device, kid, streams] = claims.slice(8);
  const about = JSON.stringify({ session, account, profile, content, card, title: card, epoch, duration_ms: duration, next, device, asset, kid });
  const tag = `{${account}}`;
  const made = {
    claims, token: '', signedAt: 0,
    words: [
      `${tag}:leases`, `${tag}:ended:${session}`, `${tag}:beats:${session}`, 'ottsite:heartbeat-interval', 'ottsite:readmitted',
      `${tag}:positions:${profile}`, `${tag}:cards:${profile}`, 'ottsite:events',
      session, `${tag}:ended:`, streams, 10,
      content, card, session, epoch, duration, credits || Math.round(duration * 0.95), next, `${about.slice(0, -1)},`,
    ],
  };
  if (seats.size >= given.known) seats.delete(seats.keys().next().value);
  seats.set(text, made);
  return made;
}

function mediaToken(its) {
  const now = Date.now() / 1000;
  if (now - its.signedAt >= given.sameTokenS) {
    its.token = signed([...its.claims.slice(0, 7), Math.floor(now) + 300]);
    its.signedAt = now;
  }
  return its.token;
}

const body = {
  type: 'object', required: ['seq', 'position_ms'], additionalProperties: false,
  properties: { seq: { type: 'integer', minimum: 0 }, position_ms: { type: 'integer', minimum: 0 }, state: { type: 'string' }, speed: { type: 'number' } },
};
const app = Fastify({ genReqId: () => randomUUID(), requestIdHeader: 'x-request-id' });
app.addHook('onSend', async (request, reply) => {
  reply.header('X-Request-ID', request.id).header('Cache-Control', 'no-store').headers(given.headers);
});
app.addHook('onResponse', async (request, reply) => {
  requests.inc({ method: request.method, route, status: reply.statusCode });
  latency.observe({ route }, reply.elapsedTime / 1000);
});
app.post(route, { schema: { body } }, async (request, reply) => {
  const its = seat((request.headers.authorization ?? '').slice(7));
  if (!its || its.claims[0] !== request.params.id || its.claims[7] < Date.now() / 1000) return reply.code(401).send({ code: 'not_authenticated' });
  const { seq, position_ms: position, state = 'playing', speed = 1 } = request.body;
  const now = JSON.stringify({ seq, state, speed }).slice(1);
  const [kind, value] = await redis.beat(...its.words, seq, position, state, Math.round(speed * 1000), now);
  if (kind !== 'kept') return reply.code(410).send({ code: 'lease_lost', reason: value });
  return { next_interval_s: value, token: mediaToken(its) };
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[process.argv.indexOf('--port') + 1]) });
