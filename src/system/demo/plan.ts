/** What the community of a demo does, and when; generated from a seed before anything is loaded. */
import type { EngagementKind } from '#domain/names.ts';
import type { Random } from '#platform/random.ts';
import { followersIn, type Graph } from './graph.ts';
import { activityWeights, appeal, weightedDraw } from './skew.ts';

export type PlannedAction =
  | { kind: 'follow'; time: number; user: number; other: number }
  | { kind: 'tweet'; time: number; user: number; tweet: number }
  | { kind: EngagementKind; time: number; user: number; tweet: number };

export interface PlanSize {
  tweets: number;
  likes: number;
  comments: number;
  reposts: number;
}

const DAY_MS = 86_400_000;
/** A tweet gets half of its likes, comments and reposts within this time. */
const HALF_LIFE_MS = 2 * 3_600_000;

/** Actions ordered by time, all between `start_ms` and `end_ms`; follows are in the first seventh. */
export function planCommunity(
  graph: Graph,
  size: PlanSize,
  span: { start_ms: number; end_ms: number },
  random: Random,
): PlannedAction[] {
  const { start_ms, end_ms } = span;
  const length_ms = end_ms - start_ms;
  const followers = followersIn(graph);
  const counts = followers.map((list) => list.length);
  const actions: PlannedAction[] = [];
  for (let i = 0; i < graph.from.length; i++) {
    const time = start_ms + random.next() * (length_ms / 7);
    actions.push({ kind: 'follow', time, user: graph.from[i]!, other: graph.to[i]! });
  }
  const drawAuthor = weightedDraw(activityWeights(counts), random);
  const tweets = Array.from({ length: size.tweets }, (_, tweet) => {
    const user = drawAuthor();
    const time = start_ms + wakingTime(random) * length_ms;
    actions.push({ kind: 'tweet', time, user, tweet });
    return { user, time, weight: appeal(random) * (1 + counts[user]!) };
  });
  const drawTweet = weightedDraw(
    tweets.map((tweet) => tweet.weight),
    random,
  );
  const reactions: { kind: EngagementKind; number: number }[] = [
    { kind: 'like', number: size.likes },
    { kind: 'comment', number: size.comments },
    { kind: 'repost', number: size.reposts },
  ];
  for (const { kind, number } of reactions) {
    for (let i = 0; i < number; i++) {
      const tweet = drawTweet();
      const { user: author, time } = tweets[tweet]!;
      const delay_ms = -Math.log(1 - random.next()) * (HALF_LIFE_MS / Math.LN2);
      const when = Math.min(time + 1_000 + delay_ms, end_ms - 1_000);
      if (when > time)
        actions.push({ kind, time: when, user: reader(followers[author]!, graph.users, random), tweet });
    }
  }
  return actions.sort((a, b) => a.time - b.time || orderOf(a) - orderOf(b));
}

/** A follower in four of five cases, otherwise any user. */
function reader(followers: readonly number[], users: number, random: Random): number {
  const near = followers.length > 0 && random.integer(5) > 0;
  return near ? followers[random.integer(followers.length)]! : random.integer(users);
}

/** A moment of the week, as a fraction in [0, 1); rarer at night. */
function wakingTime(random: Random): number {
  for (;;) {
    const at = random.next();
    const hour = ((at * 7 * DAY_MS) % DAY_MS) / DAY_MS;
    if (random.next() < 0.55 - 0.45 * Math.cos(2 * Math.PI * hour)) return at;
  }
}

function orderOf(action: PlannedAction): number {
  return action.kind === 'follow' ? 0 : action.kind === 'tweet' ? 1 : 2;
}
