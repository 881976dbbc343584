/**
 * What a user left in any table is gone when the account has been erased. Somebody does everything that leaves a row,
 * and every table of every file is searched for their id, before and after. So a new table, or a new column, with
 * users in it has to appear here, and be erased.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import sharp from 'sharp';
import { type Api, openApi, type Someone } from '#gateway/testing/gateway.ts';
import { pictureForm } from '#test/support/system-http.ts';

/** No other number in any file: a position, a count, a time or a snowflake. */
const EVE = 987_654_321;
/** Undone reposts are kept for a day, so that a pagination session that began earlier repeats nothing. */
const LONGEST_KEPT_MS = 25 * 3_600_000;
const BY_ROOT = { by: 'root', from: 'here', reason: 'for the test' };

/** What still names an erased user, and why. */
const KEPT: Record<string, string> = {
  'gateway.db accounts.user_id': 'the id is never given to anybody else',
  'gateway.db handles.user_id': 'the handles are never given to anybody else',
  'gateway.db audit_log.user_id': 'what administrators did to accounts is kept',
  'gateway.db reports.reporter': 'moderators go on with the report, without its words',
  'gateway.db reports.resolved_by': 'who decided about a report is kept, as in the audit log',
  'social.db people.user_id': 'the row says that the user is erased',
  'social.db former_handles.user_id': 'the handles are never given to anybody else',
  'social.db outbox_sequences.key': 'numbers the events about the user, and holds nothing else',
  'tweets.db tweets.author':
    'the emptied row says that the tweet is deleted, and refuses a text that comes late',
  'tweets.db author_counts.author': 'says that there are no tweets',
  'tweets.db outbox_sequences.key': 'numbers the events about the user, and holds nothing else',
  'engagement.db comments.actor': 'the row refuses a text that comes late',
  'engagement.db comments.author': 'the row refuses a text that comes late',
  'engagement.db outbox_sequences.key': 'numbers the events about the user, and holds nothing else',
  'top-lists.db authors.author': 'says that the user has no followers and is in no list',
};

/** Columns with users in them that this story cannot fill, and why they need no erasure. */
const OUT_OF_REACH: Record<string, string> = {
  'notifications-items.db bell_jobs.author': 'a job of a second; of an erased tweet it tells nobody',
  'notifications-items.db bell_jobs.after_user': 'where such a job goes on, not who was told',
};

/** Columns of numbers that hold no user, in whatever table. Ids of rows are snowflakes. */
const NO_USERS = new Set(
  `id tweet_id comment_id root_id parent_id quote_of tweet report_id invite_id session_id last_session upload
  only only_row partition generation position head trimmed slot epoch live_generation building_generation version
  time_ms time since since_ms until created created_at changed_at used_at first_used last_used undone_at replaced_at
  deleted_at updated_at resolved_at check_at expires one_time_until up_to highest number newest arrival untold edge
  state in_app protected listed moderator one_time announced used holds used_up uses_left width height
  likes comments reposts live members floor sequence followers following outgoing requesters blocks mutes protections
  settled_protections next`.split(/\s+/),
);
/** Tables in which a column of that name does hold one. */
const DESPITE_ITS_NAME = new Set(['outbox_sequences.key']);

interface Column {
  /** `file table.column`. */
  name: string;
  column: string;
  /** Whether some row has the id of the user in it. */
  holdsEve: boolean;
}

/** Every column of numbers in every file of the data directory. */
function columnsOfNumbers(directory: string): Column[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.db'))
    .flatMap((file) => {
      const db = new DatabaseSync(join(directory, file), { readOnly: true });
      try {
        const columns = db
          .prepare(
            `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.type = 'INTEGER'`,
          )
          .all() as { table: string; column: string }[];
        return columns.map(({ table, column }) => ({
          name: `${file} ${table}.${column}`,
          column: DESPITE_ITS_NAME.has(`${table}.${column}`) ? `${table}.${column}` : column,
          holdsEve:
            db.prepare(`SELECT 1 FROM "${table}" WHERE "${column}" = ? LIMIT 1`).get(EVE) !== undefined,
        }));
      } finally {
        db.close();
      }
    });
}

/** Lets the next sign-up have the id that this test looks for. */
function giveId(directory: string): void {
  const db = new DatabaseSync(join(directory, 'gateway.db'));
  db.prepare('UPDATE user_id_blocks SET next = ?').run(EVE);
  db.close();
}

type Cast = Record<'eve' | 'fay' | 'gus' | 'hal' | 'ida', Someone>;

async function ok(response: Promise<{ status: number; body: unknown }>) {
  const { status, body } = await response;
  assert.equal(status, 200, JSON.stringify(body));
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, which the OpenAPI document checks.
  return body as any;
}

async function upload(api: Api, { token }: Someone): Promise<string> {
  const red = { width: 6, height: 4, channels: 3, background: 'red' } as const;
  const response = await fetch(`${api.url}/api/v1/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: pictureForm(new Uint8Array(await sharp({ create: red }).png().toBuffer()), 'red.png', 'red'),
  });
  assert.equal(response.status, 200);
  return ((await response.json()) as { image: string }).image;
}

/** Follows, blocks, mutes and requests, in both directions, those that stand and those that ended. */
async function relate({ eve, fay, gus, hal, ida }: Cast): Promise<void> {
  const bothWays = [
    [eve, fay],
    [fay, eve],
  ] as const;
  for (const [one, other] of bothWays) {
    await ok(one.post('/block', { userId: other.id }));
    await ok(one.delete(`/block/${other.id}`));
    await ok(one.post('/mute', { userId: other.id }));
    await ok(one.delete(`/mute/${other.id}`));
  }
  for (const [one, other] of bothWays) {
    await ok(one.post('/follow', { userId: other.id }));
    await ok(one.put(`/follow/${other.id}`, { reposts: false }));
    await ok(one.post('/bell', { userId: other.id, level: 'all' }));
  }
  await ok(eve.post('/follow', { userId: gus.id, private: true }));
  await ok(gus.post('/follow', { userId: eve.id, private: true }));
  await ok(eve.post('/mute', { userId: gus.id }));
  await ok(gus.post('/mute', { userId: eve.id }));
  await ok(eve.post('/block', { userId: ida.id }));
  await ok(hal.put('/me/profile', { protected: true }));
  await ok(eve.post('/follow', { userId: hal.id }));
}

/** Tweets, likes, comments, reposts and notifications, by the user and to the user. */
async function tweet(api: Api, { eve, fay }: Cast): Promise<void> {
  const image = await upload(api, eve);
  for (const [one, other] of [
    [eve, fay],
    [fay, eve],
  ] as const) {
    const content = `for @${other === eve ? 'eve' : 'fay'}`;
    const images = one === eve ? [image] : [];
    const { tweetId } = await ok(
      one.post('/postTweet', { content, images }, { 'idempotency-key': 'a-key-of-a-tweet' }),
    );
    await ok(other.post('/like', { tweetId }));
    await ok(other.post('/repost', { tweetId }));
    await ok(other.post('/comment', { tweetId, content }, { 'idempotency-key': 'a-key-of-a-comment' }));
    await ok(other.post('/muteThread', { tweetId }));
    if (one === eve) {
      const activities = [Number(tweetId)];
      await api.system.services.timeline.recordFanOutOnRead({ actor: EVE, activities });
    }
  }
  await api.settle(2_000);
  await ok(eve.get('/me/tweets?followed=true'));
  const { notifications } = await ok(eve.get('/me/notifications'));
  await ok(eve.post('/me/notifications/read', { upTo: notifications[0].id }));
  await ok(eve.put('/me/notification-settings', { types: { like: { audience: 'following' } } }));
  await api.system.services.timeline.flush();
}

/** Devices, notices, reports and what administrators do. */
async function administer(api: Api, { eve, fay }: Cast): Promise<void> {
  const { administration } = api;
  await administration.setModerator({ userId: EVE, moderator: true, ...BY_ROOT });
  const credentials = { handle: 'eve', password: 'eve likes long passwords' };
  await ok(api.anybody.post('/login', credentials, { 'user-agent': 'a telephone' }));
  const { reportId } = await ok(eve.post('/report', { userId: fay.id, reason: 'sells things' }));
  await ok(eve.post(`/moderation/reports/${reportId}`, { act: 'dismiss', reason: 'does not' }));
  await ok(fay.post('/report', { userId: eve.id, reason: 'sells things' }));
  await administration.changeHandle({ userId: EVE, handle: 'eva', ...BY_ROOT });
}

test('nothing of an erased user is left in any table, but for what is kept on purpose', async () => {
  const api = await openApi();
  try {
    const directory = dirname(api.system.stores.tweets.db.path);
    giveId(directory);
    const eve = await api.someone('eve');
    assert.equal(Number(eve.id), EVE);
    const cast: Cast = {
      eve,
      fay: await api.someone('fay'),
      gus: await api.someone('gus'),
      hal: await api.someone('hal'),
      ida: await api.someone('ida'),
    };
    await relate(cast);
    await tweet(api, cast);
    await administer(api, cast);
    const seen = columnsOfNumbers(directory);
    await ok(eve.put('/me/profile', { protected: true }));
    await ok(cast.gus.post('/block', { userId: eve.id }));
    await ok(cast.hal.post('/follow', { userId: eve.id }));
    await api.settle(2_000);
    seen.push(...columnsOfNumbers(directory));

    const filled = new Set(seen.filter(({ holdsEve }) => holdsEve).map(({ name }) => name));
    const unexplained = seen.filter(
      ({ name, column }) => !filled.has(name) && !NO_USERS.has(column) && !(name in OUT_OF_REACH),
    );
    assert.deepEqual(
      [...new Set(unexplained.map(({ name }) => name))],
      [],
      'let the story of this test fill these with the user, or say in NO_USERS that they hold none',
    );

    await ok(eve.delete('/me', { password: 'eve likes long passwords' }));
    await api.settle(60_000);
    await api.settle(LONGEST_KEPT_MS);
    const left = columnsOfNumbers(directory).filter(({ holdsEve }) => holdsEve);
    assert.deepEqual(left.map(({ name }) => name).sort(), Object.keys(KEPT).sort());
  } finally {
    await api.close();
  }
});
