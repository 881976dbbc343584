/**
 * The jobs that the log's records ask for, cut into bounded slices: a job yields one slice at a time and goes back to
 * the end of the queue, so that an author with a million followers does not delay the tweets of others.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { PubSub, PubSubEvent } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import type { Delivery, Timeline } from '#timeline/timeline.ts';
import type { FollowerList, FollowerLists } from './follower-lists.ts';
import type { PushOrPull } from './push-or-pull.ts';

/** Readers per slice. */
export const MAX_SLICE_READERS = 4_000;

export interface Slice {
  /** Is delivered together with those of other jobs; null: the work of this slice was done when it was made. */
  delivery: Delivery | null;
  /** To be called once it is delivered. True: the job is over. A slice that was not delivered is asked for again. */
  delivered(): boolean;
}

export interface Job {
  /** The next slice, with at most `room` readers. Throws where it must be retried. */
  next(room: number): Promise<Slice>;
}

export interface JobsDeps {
  social: Pick<Social, 'follows'>;
  timeline: Pick<Timeline, 'mergeFollows' | 'recordFanOutOnRead'>;
  pubsub: PubSub;
  lists: FollowerLists;
  pushOrPull: PushOrPull;
}

export interface Jobs {
  /** Delivers a posting or a repost to the actor's followers. */
  fanOut(activity: Omit<Delivery, 'readers'> & { time: number }): Job;
  /** Merges an author's newest activities into a new follower's home timeline. */
  mergeFollow(reader: UserId, author: UserId): Job;
  /** Notifies the author and connected followers that a tweet was deleted. */
  notifyDeleted(tweetId: TweetId, author: UserId): Job;
}

function emptySlice(over: boolean): Slice {
  return { delivery: null, delivered: () => over };
}

export function createJobs(deps: JobsDeps): Jobs {
  const { timeline, lists, pushOrPull } = deps;

  return {
    fanOut(request) {
      const { time, ...activity } = request;
      const { actor, tweetId } = activity;
      /** Looked up when the job begins, when every earlier follow is in it: see follower-lists.ts. */
      let list: FollowerList | null = null;
      let notifying: Job | null = null;
      let at = 0;

      /** Records the activity instead of pushing it; then connected users are still notified of a posting. */
      async function pull(): Promise<Slice> {
        await timeline.recordFanOutOnRead({ actor, activities: [activity.activity] });
        if (activity.activity < 0) return emptySlice(true);
        notifying = notify(deps, actor, { type: 'tweet', tweetId, userId: actor, time });
        return emptySlice(false);
      }

      return {
        async next(room) {
          if (notifying !== null) return notifying.next(room);
          if (list === null) {
            const found = lists.of(actor);
            if ((await pushOrPull.decide(found)) === 'pull') return pull();
            list = found;
          }
          const followers = list;
          if (at === followers.length && !followers.complete) await lists.loadMore(followers);
          const end = Math.min(followers.length, at + Math.min(room, MAX_SLICE_READERS));
          return {
            delivery: { ...activity, readers: followers.ids.subarray(at, end) },
            delivered() {
              at = end;
              return followers.complete && at === followers.length;
            },
          };
        },
      };
    },

    mergeFollow: (reader, author) => ({
      async next() {
        await timeline.mergeFollows({ follows: [{ reader, author }] });
        return emptySlice(true);
      },
    }),

    notifyDeleted: (tweetId, author) => notify(deps, author, { type: 'delete', tweetId }),
  };
}

/** Notifies the connected users who follow the author and, of a deletion, the author. */
function notify({ social, pubsub }: JobsDeps, author: UserId, event: PubSubEvent): Job {
  let users: UserId[] | null = null;
  let at = 0;
  return {
    async next() {
      users ??= [...pubsub.subscribedUsers()];
      const followers = users.slice(at, at + LIMITS.batch);
      if (event.type === 'delete' && followers.includes(author)) pubsub.publish(author, event);
      if (followers.length > 0) {
        const pairs = followers.map((follower) => ({ follower, followee: author }));
        for (const { follower } of await social.follows({ pairs })) pubsub.publish(follower, event);
      }
      at += LIMITS.batch;
      return emptySlice(at >= users.length);
    },
  };
}
