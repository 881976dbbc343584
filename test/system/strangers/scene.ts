/** A stranger and a target with the relationship of a kind, and a third user, the host, who knows both. */
import sharp from 'sharp';
import type { User } from '#test/support/client.ts';
import { pictureForm, type SystemHttp } from '#test/support/system-http.ts';
import type { Kind } from './kinds.ts';

export interface Scene {
  /** The token that the stranger sends; null for none. */
  token: string | null;
  target: User;
  targetSessionId: string;
  /** The target's tweet, and its own comment on it. */
  tweetId: string;
  commentId: string;
  /** Every text that the target wrote. */
  writing: string;
  /** Follows the target, is followed by it and by the stranger; the target liked, commented and reposted this tweet. */
  host: User;
  hostTweetId: string;
  /** A handle that nobody has. */
  fresh: string;
  /** A picture in a tweet of the target's, and one to upload. */
  image: string;
  picture: () => FormData;
}

export type Stage = (kind: Kind, scale: 'whole' | 'tweet') => Promise<Scene>;

/** `tweet`: a smaller scene, without the host and everything that the target does with others. */
export async function createStage(site: SystemHttp): Promise<Stage> {
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const picture = () => pictureForm(new Uint8Array(png), 'dot.png');
  const anyHost = await site.user('anyhost');
  let count = 0;

  return async (kind, scale) => {
    const name = String(++count).padStart(5, '0');
    const writing = `writing ${name}`;
    const target = await site.user(`target${name}`);
    const absent = kind.token === 'none' || kind.token === 'bad';
    const stranger = kind.self ? target : absent ? null : await site.user(`stranger${name}`);
    const { tweetId } = await target.post('/postTweet', { content: writing });
    const { commentId } = await target.post('/comment', { tweetId, content: writing });
    const host = scale === 'whole' ? await site.user(`host${name}`) : anyHost;
    const hostTweetId = scale === 'whole' ? await mingle({ target, stranger, host, writing }) : '1';
    const image = scale === 'whole' ? (await target.post('/media', picture())).image : 'none';
    const { sessions } = await target.get('/sessions');
    if (kind.protected) await target.post('/me/profile', { protected: true });
    if (stranger !== null) await relationship(kind, stranger, target);
    const suspended = kind.token === 'suspended' ? stranger : kind.gone ? target : null;
    if (suspended !== null) await suspend(site, suspended);
    return {
      token: kind.token === 'none' ? null : kind.token === 'bad' ? 'bad' : stranger!.token,
      target,
      targetSessionId: sessions[0].id,
      tweetId,
      commentId,
      writing,
      host,
      hostTweetId,
      fresh: `fresh${name}`,
      image,
      picture,
    };
  };
}

interface Cast {
  target: User;
  stranger: User | null;
  host: User;
  writing: string;
}

/** Returns the host's tweet. */
async function mingle({ target, stranger, host, writing }: Cast): Promise<string> {
  const { tweetId } = await host.post('/postTweet', { content: 'of the host' });
  await host.post('/follow', { userId: target.id });
  await target.post('/follow', { userId: host.id });
  await target.post('/like', { tweetId });
  await target.post('/comment', { tweetId, content: writing });
  await target.post('/repost', { tweetId });
  if (stranger === null || stranger === target) return tweetId;
  await stranger.post('/follow', { userId: host.id });
  const own = await stranger.post('/postTweet', { content: 'of the stranger' });
  await target.post('/like', { tweetId: own.tweetId });
  await target.post('/comment', { tweetId: own.tweetId, content: `@${stranger.handle} ${writing}` });
  return tweetId;
}

/** Follows that a later step must end are made before it. */
async function relationship(kind: Kind, stranger: User, target: User): Promise<void> {
  const toTarget = { userId: target.id };
  const toStranger = { userId: stranger.id };
  const follows = kind.follows !== undefined || kind.asks || kind.blocks || kind.blocked || kind.gone;
  if (follows) await stranger.post('/follow', { ...toTarget, private: kind.follows === 'privately' });
  if (kind.protected && kind.follows) {
    await target.post(`/me/follow-requests/${stranger.id}`, { approve: true });
  }
  if (kind.mutes) await stranger.post('/mute', toTarget);
  if (kind.muted) await target.post('/mute', toStranger);
  if (kind.blocks) await stranger.post('/block', toTarget);
  if (kind.blocked) await target.post('/block', toStranger);
}

async function suspend(site: SystemHttp, user: User): Promise<void> {
  const userId = Number(user.id);
  await site.api.administration.suspend({ userId, by: 'a test', from: 'here', reason: 'shown' });
}
