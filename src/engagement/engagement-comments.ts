import { isWarbleError, notFound, WarbleError } from '#domain/errors.ts';
import { type CommentId, snowflakeTime } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Engagement, NewEngagementComment } from './engagement.ts';
import type { EngagementStore, KeyedComment } from './engagement-store.ts';
import type { Visibility } from './engagement-visibility.ts';

export interface CommentRulesDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'parseText' | 'writeComment' | 'removeComments'>;
  visibility: Visibility;
  minter: Pick<Minter, 'mint'>;
  clock: Clock;
}

type RemoveComment = Parameters<Engagement['removeComment']>[0];

/**
 * A comment is kept in two stores. Its row, with its id and idempotency key, is the fact and is written first
 * (`pending`). Then the tweets service writes the text, idempotently. Then the row becomes `listed`: it is counted,
 * announced and shown. A removal goes the other way. So, wherever a crash comes, every comment that is shown has both
 * row and text. A retry with the same key continues the same comment, and the sweeper (`comment-sweeper.ts`) finishes
 * those that are not retried.
 */
export function createCommentRules(deps: CommentRulesDeps): Pick<Engagement, 'comment' | 'removeComment'> {
  const { store, tweets, visibility, minter, clock } = deps;

  async function comment(request: NewEngagementComment): Promise<{ commentId: CommentId; time: number }> {
    const { actor, tweetId, traceId, idempotency } = request;
    const text = await tweets.parseText({ content: request.content });
    const keysSince = clock.now() - LIMITS.idempotencyKept_ms;
    if (idempotency !== null) {
      const earlier = await store.commentByKey({ actor, key: idempotency.key, since: keysSince });
      if (earlier !== undefined && sameRequest(earlier, request).state !== 'pending') {
        return answer(earlier.commentId);
      }
    }
    const { tweet } = await visibility.readable({ viewer: actor, tweetId });
    const begun = sameRequest(
      await store.beginComment({
        id: minter.mint({ owner: tweet.author, kind: 'comment' }),
        tweetId,
        author: tweet.author,
        actor,
        traceId,
        idempotency,
        keysSince,
      }),
      request,
    );
    const { commentId } = begun;
    if (begun.state !== 'pending') return answer(commentId);
    try {
      await tweets.writeComment({ commentId, author: actor, tweetId, ...text });
    } catch (error) {
      // A refusal is final (the tweet was deleted meanwhile). After any other error a retry may continue the comment.
      if (isWarbleError(error) && error.status < 500) {
        await store.abandonComment({ commentId, time: clock.now() });
      }
      throw error;
    }
    if (await store.listComment({ commentId, traceId })) return answer(commentId);
    // The sweeper abandoned it, because this took too long, or an erasure removed it. The text must not stay.
    await tweets.removeComments({ commentIds: [commentId], by: 'author' });
    throw new WarbleError('unavailable', 'The comment could not be finished in time; try again.');
  }

  async function removeComment(request: RemoveComment): Promise<void> {
    const { actor, tweetId, commentId, by = 'author', traceId } = request;
    const row = await store.comment({ commentId });
    if (row === undefined || row.tweetId !== tweetId || row.state === 'pending') throw notFound();
    if (actor !== row.userId && actor !== row.author) {
      if (row.state !== 'listed') throw notFound();
      await visibility.readable({ viewer: actor, tweetId });
      if (!(await visibility.shows({ viewer: actor, actor: row.userId }))) throw notFound();
      throw new WarbleError('forbidden', 'Only the author of the comment or of the tweet can delete it.');
    }
    if (row.state === 'deleted') return;
    await store.removeComment({ commentId, time: clock.now(), traceId });
    await tweets.removeComments({ commentIds: [commentId], by });
  }

  return { comment, removeComment };
}

function answer(commentId: CommentId): { commentId: CommentId; time: number } {
  return { commentId, time: snowflakeTime(commentId) };
}

/** Returns `keyed` if its idempotency key came with this same request. Throws idempotency_mismatch otherwise. */
function sameRequest(keyed: KeyedComment, request: NewEngagementComment): KeyedComment {
  const { idempotency, tweetId } = request;
  if (idempotency === null) return keyed;
  if (keyed.bodyHash === idempotency.bodyHash && keyed.tweetId === tweetId) return keyed;
  throw new WarbleError(
    'idempotency_mismatch',
    'This Idempotency-Key came with another comment; use a new key for a new comment.',
  );
}
