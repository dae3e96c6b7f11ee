// The heartbeat in Fastify, as a peer would write it: check the token's HMAC, read the body by a schema, call the same script.
// Needs fastify and ioredis, which are no dependencies of ours: `npm install --prefix FOLDER fastify@5 ioredis@5`, and run from there.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.env.PEER}/package.json`);
const Fastify = require('fastify');
const Redis = require('ioredis');
const given = JSON.parse(readFileSync(process.env.PEER_FACTS, 'utf8'));
const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
redis.defineCommand('beat', { numberOfKeys: given.keys, lua: given.lua });

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

const body = {
  type: 'object', required: ['seq', 'position_ms'], additionalProperties: false,
  properties: { seq: { type: 'integer', minimum: 0 }, position_ms: { type: 'integer', minimum: 0 }, state: { type: 'string' }, speed: { type: 'number' } },
};
const app = Fastify();
app.post('/api/v1/playback/sessions/:id/heartbeat', { schema: { body } }, async (request, reply) => {
  const claims = read((request.headers.authorization ?? '').slice(7));
  if (!claims || claims[0] !== request.params.id || claims[7] < Date.now() / 1000) return reply.code(401).send({ code: 'not_authenticated' });
  const [session, account, profile, asset] = claims;
  const [content, card, next, epoch, duration, credits, device, kid, streams] = claims.slice(8);
  const { seq, position_ms: position, state = 'playing', speed = 1 } = request.body;
  const told = JSON.stringify({
    session, account, profile, content, card, title: card, epoch, seq, duration_ms: duration, next, state, speed, device, asset, kid,
  });
  const tag = `{${account}}`;
  const [kind, value] = await redis.beat(
    `${tag}:leases`, `${tag}:ended:${session}`, `${tag}:beats:${session}`, 'ottsite:heartbeat-interval', 'ottsite:readmitted',
    `${tag}:positions:${profile}`, `${tag}:cards:${profile}`, 'ottsite:events',
    session, `${tag}:ended:`, streams, 10,
    content, card, session, epoch, seq, position, duration, credits || Math.round(duration * 0.95), next, state, Math.round(speed * 1000), told,
  );
  if (kind !== 'kept') return reply.code(410).send({ code: 'lease_lost', reason: value });
  return { next_interval_s: value, token: signed([...claims.slice(0, 7), Math.floor(Date.now() / 1000) + 300]) };
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[process.argv.indexOf('--port') + 1]) });
