import type { Actor, Administration } from '#accounts/administration.ts';
import { notFound, WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { TweetKind } from '#domain/names.ts';
import type { TweetRecord } from '#domain/records.ts';
import { checkReason } from '#domain/text.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Media } from '#media/media.ts';
import type { Clock } from '#platform/clock.ts';
import type { Mint } from '#platform/ids/minter.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Moderation, ReportRow, ReportSubject, Resolution } from './moderation.ts';
import type { ReportsStore } from './reports-store.ts';

export interface ModerationDeps {
  store: ReportsStore;
  administration: Pick<Administration, 'isModerator' | 'account' | 'suspend' | 'record'>;
  tweets: Pick<Tweets, 'get' | 'authorsOf' | 'remove'>;
  engagement: Pick<Engagement, 'removeComment'>;
  social: Pick<Social, 'view' | 'visibleProfiles' | 'setProfile'>;
  media: Pick<Media, 'ownerOf' | 'remove'>;
  mint: Mint;
  clock: Clock;
}

export function createModeration(deps: ModerationDeps): Moderation {
  const { store } = deps;
  const removals = createRemovals(deps);
  return {
    ...removals,
    ...createReporting(deps),
    resolve: createResolving(deps, removals),
    eraseUser: (request) => store.eraseUser(request),
  };
}

async function checkModerator({ administration }: ModerationDeps, userId: UserId): Promise<void> {
  if (await administration.isModerator({ userId })) return;
  throw new WarbleError('forbidden', 'Only moderators of this server see reports and resolve them.');
}

function createReporting(deps: ModerationDeps): Pick<Moderation, 'report' | 'reports'> {
  const { store, tweets, social, mint, clock } = deps;

  /** The user whom a report concerns. Throws not_found where the reporter may not see the subject. */
  async function concerned(reporter: UserId, { kind, id }: ReportSubject): Promise<UserId> {
    if (kind === 'user') {
      const [view] = await social.view({ viewer: reporter, userIds: [id] });
      // A user may report somebody whom they block.
      if (view === undefined || view.blockedBy || view.state !== 'active') throw notFound();
      return id;
    }
    const [record] = await tweets.get({ ids: [id] });
    if (record === undefined || record.kind !== kind) throw notFound();
    const [root] = record.rootId === null ? [record] : await tweets.get({ ids: [record.rootId] });
    if (root === undefined) throw notFound();
    const shown = await social.visibleProfiles({ viewer: reporter, userIds: [record.author, root.author] });
    if (shown.some((user) => user?.readable !== true)) throw notFound();
    return record.author;
  }

  async function recordsOf(rows: ReportRow[]): Promise<Map<number, TweetRecord>> {
    const ids = rows.filter(({ subject }) => subject.kind !== 'user').map(({ subject }) => subject.id);
    const records = ids.length === 0 ? [] : await tweets.get({ ids: [...new Set(ids)] });
    return new Map(records.map((record) => [record.id, record]));
  }

  return {
    async report({ reporter, subject, reason }) {
      const checked = checkReason(reason);
      if (!checked.ok) throw refusedReason(checked.reason);
      const userId = await concerned(reporter, subject);
      const time = clock.now();
      const reportId = mint({ owner: reporter, kind: 'account' });
      const report = { reportId, subject, userId, reporter, reason: checked.text, time };
      return { ...(await store.add(report)), time };
    },
    async reports({ moderator, open, before, limit }) {
      await checkModerator(deps, moderator);
      const rows = await store.reports({ open, before, limit });
      const records = await recordsOf(rows);
      const items = rows.map((row) => {
        const record = row.subject.kind === 'user' ? undefined : records.get(row.subject.id);
        return {
          ...row,
          id: row.reportId,
          content: record?.content ?? null,
          images: record?.images ?? [],
        };
      });
      return { items, next: rows.length < limit ? null : rows.at(-1)!.reportId };
    },
  };
}

type Removals = Pick<Moderation, 'removeTweet' | 'removeComment' | 'removePicture'>;

function createRemovals({ tweets, engagement, social, media, administration }: ModerationDeps): Removals {
  /** The live record; null if it is deleted already. Throws not_found where it never existed. */
  async function live(kind: TweetKind, id: number): Promise<TweetRecord | null> {
    const [record] = await tweets.get({ ids: [id] });
    if (record?.kind === kind) return record;
    const [known] = record === undefined ? await tweets.authorsOf({ ids: [id] }) : [];
    if (known === undefined) throw notFound(`There is no ${kind} ${id}.`);
    return null;
  }

  return {
    async removeTweet({ tweetId, traceId, ...actor }) {
      const record = await live('tweet', tweetId);
      if (record === null) return;
      const { author } = record;
      const subject = `tweet ${tweetId}`;
      await administration.record({ ...actor, action: 'tweet.removed', userId: author, subject });
      await tweets.remove({ tweetId, author, by: 'moderator', traceId });
    },
    async removeComment({ commentId, traceId, ...actor }) {
      const record = await live('comment', commentId);
      if (record === null) return;
      const { author, rootId } = record;
      const subject = `comment ${commentId}`;
      await administration.record({ ...actor, action: 'comment.removed', userId: author, subject });
      await engagement.removeComment({
        actor: author,
        tweetId: rootId!,
        commentId,
        by: 'moderator',
        traceId,
      });
    },
    async removePicture({ name, traceId, ...actor }) {
      const owner = await media.ownerOf({ name });
      if (owner === undefined) throw notFound(`There is no picture ${name}.`);
      const subject = `picture ${name}`;
      await administration.record({ ...actor, action: 'picture.removed', userId: owner, subject });
      const [user] = await social.view({ viewer: null, userIds: [owner] });
      if (user?.picture === name) {
        await social.setProfile({ userId: owner, changes: { picture: '' }, traceId });
      }
      await media.remove({ name });
    },
  };
}

function createResolving(deps: ModerationDeps, removals: Removals): Moderation['resolve'] {
  const { store, administration, clock } = deps;

  async function suspend(row: ReportRow, moderator: UserId, actor: Actor): Promise<void> {
    const { userId } = row;
    if (userId === moderator || (await administration.isModerator({ userId }))) {
      throw new WarbleError('forbidden', 'A moderator is suspended by those who run the server.');
    }
    await administration.suspend({ userId, subject: `report ${row.reportId}`, ...actor });
  }

  async function remove({ subject }: ReportRow, traceId: string, actor: Actor): Promise<void> {
    const { kind, id } = subject;
    if (kind === 'tweet') return removals.removeTweet({ tweetId: id, traceId, ...actor });
    if (kind === 'comment') return removals.removeComment({ commentId: id, traceId, ...actor });
    throw new WarbleError('invalid_request', 'This report is about a user, who can be suspended only.', {
      errors: [{ pointer: '#/act', detail: 'must be dismiss or suspend for a report about a user' }],
    });
  }

  return async ({ moderator, reportId, act, reason, from, traceId }) => {
    await checkModerator(deps, moderator);
    const checked = checkReason(reason);
    if (!checked.ok) throw refusedReason(checked.reason);
    const row = await store.report({ reportId });
    if (row === undefined) throw notFound('There is no such report.');
    if (row.resolution !== null) {
      if (row.resolution.act === act) return;
      throw alreadyResolved(row.resolution);
    }
    const { handle } = await administration.account({ userId: moderator });
    const actor: Actor = { by: `@${handle} (id ${moderator})`, from, reason: checked.text };
    if (act === 'suspend') await suspend(row, moderator, actor);
    else if (act === 'remove') await remove(row, traceId, actor);
    else {
      const { userId } = row;
      await administration.record({
        ...actor,
        action: 'report.dismissed',
        userId,
        subject: `report ${reportId}`,
      });
    }
    const resolution = { act, by: moderator, reason: checked.text, time: clock.now() };
    if (act !== 'dismiss') {
      // Another moderator may have dismissed it meanwhile; the report records what was done nevertheless.
      await store.resolve({ subject: row.subject, resolution, dismissed: reportId });
      return;
    }
    await store.resolve({ subject: row.subject, resolution });
    const stands = (await store.report({ reportId }))?.resolution;
    if (stands != null && stands.act !== 'dismiss') throw alreadyResolved(stands);
  };
}

function alreadyResolved({ act }: Resolution): WarbleError {
  return new WarbleError('already_resolved', `This report was resolved with ${act}.`);
}

function refusedReason(detail: string): WarbleError {
  return new WarbleError('invalid_text', detail, { errors: [{ pointer: '#/reason', detail }] });
}
