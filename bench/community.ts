/**
 * The users and tweets with which pages are measured. The number of likes and comments decides what a page costs, so it
 * is drawn from a power law, as such counts are distributed: most tweets get few or none, a few get very many.
 * P(at least n likes) = (n + 1)^-1.1: 47% get one, 22% three, 7% ten, 0.6% a hundred. Comments are rarer, with power
 * -1.8: 29% get one, 8% three. So a page of 20 names some 50 users; the resulting mix is printed.
 */
import type { Random } from '#platform/random.ts';
import type { Serving } from '#system/serve.ts';
import { inGroups } from './groups.ts';
import { printRow } from './report.ts';

const READERS = 200;
const AUTHORS = 1_800;
const FOLLOWS_EACH = 60;
const TWEETS = 6_000;
const LIKES_POWER = 1.1;
const COMMENTS_POWER = 1.8;
/** More likes or comments than this do not make a page larger. */
const MAX_EACH = 200;
/** Previews shown of each kind. */
const SHOWN = 3;
const traceId = 'bench';

export interface Community {
  /** One token per reader. */
  tokens: string[];
  /** Gives every tweet as many previews as it can have, from different users. */
  fillPreviews(): Promise<void>;
}

/** Makes the community through the services, and opens the readers' homes. */
export async function createCommunity(serving: Serving, random: Random): Promise<Community> {
  const { social, tweets, engagement, timeline } = serving.system.services;
  const { users, tokens } = await signUp(serving);
  const any = () => users[random.integer(users.length)]!;
  for (const follower of users) {
    await inGroups(FOLLOWS_EACH, async () => {
      const followee = any();
      if (followee !== follower) await social.follow({ follower, followee, private: false, traceId });
    });
  }
  const ids: number[] = [];
  const text = { images: [], appId: null, idempotency: null, traceId };
  await inGroups(TWEETS, async () => {
    const content = `A tweet of usual length, about nothing in particular, number ${ids.length}, with a #hashtag`;
    ids.push((await tweets.post({ author: any(), content, ...text })).tweetId);
  });

  const like = (tweetId: number) => engagement.like({ actor: any(), tweetId, traceId });
  const comment = async (tweetId: number) => {
    const content = 'Indeed, who would have thought so?';
    await engagement.comment({ actor: any(), tweetId, content, idempotency: null, traceId });
  };
  const add = (act: (tweetId: number) => Promise<void>, counts: readonly number[]) => {
    const targets = ids.flatMap((tweetId, i) => new Array<number>(counts[i]!).fill(tweetId));
    return inGroups(targets.length, (i) => act(targets[i]!));
  };
  const heavy = (power: number) => Math.min(MAX_EACH, Math.floor((1 - random.next()) ** (-1 / power)) - 1);
  const likes = ids.map(() => heavy(LIKES_POWER));
  const comments = ids.map(() => heavy(COMMENTS_POWER));
  await add(like, likes);
  await add(comment, comments);
  printRow('community', {
    users: users.length,
    tweets: ids.length,
    'without likes': share(likes, (count) => count === 0),
    'likes shown each': mean(likes.map((count) => Math.min(count, SHOWN))),
    'comments shown each': mean(comments.map((count) => Math.min(count, SHOWN))),
  });
  for (const reader of users.slice(0, READERS))
    await timeline.home({ reader, own: false, position: null, limit: 20 });
  return {
    tokens,
    async fillPreviews() {
      await add(
        like,
        ids.map((_, i) => Math.max(0, 8 - likes[i]!)),
      );
      await add(
        comment,
        ids.map((_, i) => Math.max(0, SHOWN - comments[i]!)),
      );
    },
  };
}

async function signUp({ system, api }: Serving): Promise<{ users: number[]; tokens: string[] }> {
  const users: number[] = [];
  const tokens: string[] = [];
  for (let reader = 0; reader < READERS; reader++) {
    const handle = `reader_${reader}`;
    const account = { handle, password: 'bench-bench-bench', name: `Reader ${reader}` };
    const from = { device: 'bench', client: { address: 'bench' } };
    const { userId, token } = await api.accounts.signUp({ ...account, ...from });
    users.push(userId);
    tokens.push(token);
  }
  const time = Date.now();
  await inGroups(AUTHORS, async (author) => {
    const userId = 1_000_000 + author;
    users.push(userId);
    const name = `Author ${author}`;
    await system.services.social.createUser({ userId, handle: `author_${author}`, name, time });
  });
  return { users, tokens };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function share<T>(items: readonly T[], holds: (item: T) => boolean): string {
  return `${Math.round((100 * items.filter(holds).length) / items.length)}%`;
}
