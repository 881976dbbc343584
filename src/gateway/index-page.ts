/** The page at `/` until there is a client: status, top tweets, three lines to try, links. */
import { escaped } from '#http/docs/html.ts';
import type { FeedItem, FeedPage, Timeline } from '#timeline/timeline.ts';

export interface IndexPageDeps {
  timeline: Pick<Timeline, 'top'>;
  /** Whether the system is ready to serve. */
  ready: () => Promise<boolean>;
}

const TOP_TWEETS = 10;

/** The body of the index page, also while top tweets are not available. `origin`: the one that the reader used. */
export async function indexPage({ timeline, ready }: IndexPageDeps, origin: string) {
  const [isReady, top] = await Promise.all([
    ready(),
    timeline.top({ viewer: null, window: '7d', position: null, limit: TOP_TWEETS }).catch(() => null),
  ]);
  const base = `${origin}/api/v1`;
  const body = `<h1>Warble</h1>
<p>Status: <strong>${isReady ? 'ready' : 'starting'}</strong>. A microblog server whose home feeds are ready before
their readers ask.</p>
<h2>Top tweets of the week</h2>${topList(top)}
<h2>Try it</h2>
<pre>curl -s ${escaped(base)}/signup -H 'Content-Type: application/json' -d '{"handle":"ada","password":"correct horse battery","name":"Ada"}'
curl -s ${escaped(base)}/postTweet -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"content":"Hello, world"}'
curl -s '${escaped(base)}/me/tweets?followed=true&amp;own=true' -H "Authorization: Bearer $TOKEN"</pre>
<p>The first line answers with the token that the others send.</p>
<p><a href="/docs">Documentation</a> · <a href="/openapi.json">OpenAPI</a> · <a href="/health/ready">Health</a> ·
<a href="/metrics">Metrics</a></p>`;
  return { title: 'Warble', body };
}

function topList(top: FeedPage<unknown> | null): string {
  if (top === null) return '<p>Not available just now.</p>';
  if (top.items.length === 0) return '<p>Nobody has tweeted yet.</p>';
  return `<ol>${top.items.map(topItem).join('')}</ol>`;
}

function topItem({ tweetView: { tweet, likeCount, users } }: FeedItem): string {
  const handle = users.find(({ userId }) => userId === tweet.author)?.handle ?? '';
  const likes = likeCount === null ? '' : ` · ${likeCount} ${likeCount === 1 ? 'like' : 'likes'}`;
  return `<li><span class="text" dir="auto">${escaped(tweet.content)}</span><br><span class="quiet">@${escaped(handle)}${likes} · <a href="/api/v1/tweets/${tweet.id}">${tweet.id}</a></span></li>`;
}
