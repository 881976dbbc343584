import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/schema';
import type { ProfileBasic, TweetRecord } from '#domain/records.ts';
import type { RawJson } from '#http/route.ts';
import type { FeedItem, FeedPage, TweetView } from '#timeline/timeline.ts';
import { TweetPage, TweetViewer, TweetWithUsers } from './schemas/tweets.ts';
import { createSerializers } from './serializers.ts';
import { unsentFields } from './testing/fields.ts';

const shownBy = ({ bytes }: RawJson<unknown>) => JSON.parse(Buffer.from(bytes, 'latin1').toString());
const iso = (time_ms: number) => new Date(time_ms).toISOString();

function tweetOf(fields: Partial<TweetRecord> = {}): TweetRecord {
  return {
    id: 7_001,
    author: 42,
    kind: 'tweet',
    parentId: null,
    rootId: null,
    quoteOf: null,
    visibility: 'public',
    version: 1,
    lang: null,
    labels: [],
    appId: null,
    content: 'hello @bob "quoted" \\ </script> 👩‍👩‍👧‍👦\n\u2028',
    entities: {
      mentions: [
        { start: 6, end: 10, handle: 'bob', userId: 43 },
        { start: 1, end: 2, handle: 'nobody', userId: null },
      ],
      hashtags: [],
      links: [],
    },
    images: [{ image: 'abc.png', width: 2, height: 3, alt: 'a "cat"' }],
    time: 1_780_000_000_123,
    ...fields,
  };
}

const users: ProfileBasic[] = [
  { userId: 42, handle: 'ada', name: 'Ada "L"', picture: '' },
  { userId: 43, handle: 'bob', name: '', picture: 'p.webp' },
];
const reposter: ProfileBasic = { userId: 44, handle: 'cyd', name: 'Cyd', picture: '' };

function tweetViewOf(fields: Partial<TweetView> = {}): TweetView {
  return {
    tweet: tweetOf(),
    likeCount: 2,
    commentCount: 1,
    repostCount: 0,
    likes: [
      { userId: 43, time: 1_780_000_001_000 },
      { userId: 44, time: 1_780_000_000_999 },
    ],
    comments: [{ commentId: 9_001, userId: 44, content: 'so "true"', time: 1_780_000_002_000 }],
    users,
    hiddenMentions: [],
    ...fields,
  };
}

function itemOf(tweetView: Partial<TweetView> = {}, fields: Partial<FeedItem> = {}): FeedItem {
  return {
    tweetView: tweetViewOf(tweetView),
    viewer: { liked: true, reposted: false },
    repostedBy: [users[1]!, reposter],
    repostTime: 1_780_000_003_000,
    ...fields,
  };
}

function pageOf(fields: Partial<FeedPage<unknown>> = {}): FeedPage<unknown> {
  return { items: [itemOf()], next: null, degraded: [], partial: false, ...fields };
}

const expectedTweet = {
  tweetId: '7001',
  userId: '42',
  content: tweetOf().content,
  entities: {
    mentions: [
      { start: 6, end: 10, handle: 'bob', userId: '43' },
      { start: 1, end: 2, handle: 'nobody', userId: null },
    ],
    hashtags: [],
    links: [],
  },
  images: [{ image: 'abc.png', url: '/media/abc.png', width: 2, height: 3, alt: 'a "cat"' }],
  likes: [
    { userId: '43', time: iso(1_780_000_001_000) },
    { userId: '44', time: iso(1_780_000_000_999) },
  ],
  comments: [{ commentId: '9001', userId: '44', content: 'so "true"', time: iso(1_780_000_002_000) }],
  likeCount: 2,
  commentCount: 1,
  repostCount: 0,
  time: iso(1_780_000_000_123),
  viewer: { liked: true, reposted: false },
  repostedBy: ['43', '44'],
  repostTime: iso(1_780_000_003_000),
};
const expectedUsers = {
  42: { handle: 'ada', name: 'Ada "L"', pictureUrl: null },
  43: { handle: 'bob', name: '', pictureUrl: '/media/p.webp' },
  44: { handle: 'cyd', name: 'Cyd', pictureUrl: null },
};

test('a page is JSON of the shape of the API, the first time and from kept fragments', () => {
  const serializers = createSerializers();
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(shownBy(serializers.feed(pageOf(), 'next')), {
      tweets: [expectedTweet],
      users: expectedUsers,
      nextCursor: 'next',
    });
    assert.deepEqual(shownBy(serializers.tweet(pageOf())), {
      ...expectedTweet,
      users: expectedUsers,
    });
  }
});

test('an empty page, and one without engagement, say so', () => {
  const serializers = createSerializers();
  assert.deepEqual(shownBy(serializers.feed(pageOf({ items: [] }), null)), {
    tweets: [],
    users: {},
    nextCursor: null,
  });
  const bare = itemOf(
    { likeCount: null, commentCount: null, repostCount: null, likes: [], comments: [] },
    { viewer: null, repostedBy: [], repostTime: null },
  );
  const flawed = shownBy(
    serializers.feed(pageOf({ items: [bare, bare], degraded: ['engagement'], partial: true }), null),
  );
  assert.deepEqual(flawed.degraded, ['engagement']);
  assert.equal(flawed.partial, true);
  assert.equal(flawed.tweets.length, 2);
  assert.deepEqual(flawed.tweets[1].viewer, null);
  assert.deepEqual(flawed.tweets[1].likeCount, null);
  assert.deepEqual(flawed.tweets[1].repostTime, null);
});

test('a changed text, name or picture shows at once, although fragments are kept', () => {
  const serializers = createSerializers();
  serializers.feed(pageOf(), null);
  const moderated = [{ commentId: 9_001, userId: 44, content: 'moderated', time: 1_780_000_002_000 }];
  const onlyComment = shownBy(serializers.feed(pageOf({ items: [itemOf({ comments: moderated })] }), null));
  assert.equal(onlyComment.tweets[0].comments[0].content, 'moderated');
  for (const fields of [{ likeCount: 3 }, { commentCount: 9 }, { repostCount: 7 }, { likes: [] }]) {
    serializers.feed(pageOf(), null);
    const [shown] = shownBy(serializers.feed(pageOf({ items: [itemOf(fields)] }), null)).tweets;
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(shown[name], value);
  }
  const changed = pageOf({
    items: [
      itemOf(
        {
          tweet: tweetOf({ version: 2, content: 'edited' }),
          comments: [{ commentId: 9_001, userId: 44, content: 'moderated', time: 1_780_000_002_000 }],
          users: [{ userId: 42, handle: 'ada', name: 'Ada King', picture: 'new.png' }],
        },
        { repostedBy: [] },
      ),
    ],
  });
  const shown = shownBy(serializers.feed(changed, null));
  assert.equal(shown.tweets[0].content, 'edited');
  assert.equal(shown.tweets[0].comments[0].content, 'moderated');
  assert.deepEqual(shown.users, { 42: { handle: 'ada', name: 'Ada King', pictureUrl: '/media/new.png' } });
});

test('any text survives, whatever it holds', () => {
  const serializers = createSerializers();
  let id = 1;
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (content, name) => {
      const page = pageOf({
        items: [
          itemOf({
            tweet: tweetOf({ id: id++, content }),
            users: [{ userId: id, handle: 'h', name, picture: '' }],
          }),
        ],
      });
      const shown = shownBy(serializers.feed(page, null));
      assert.equal(shown.tweets[0].content, content);
      assert.equal(shown.users[id].name, name);
    }),
    { numRuns: 200 },
  );
});

test('every field of the schemas of pages and tweets is sent', () => {
  const serializers = createSerializers();
  const links = [{ start: 0, end: 5, url: 'https://example.org' }];
  const entities = { ...tweetOf().entities, hashtags: [{ start: 0, end: 5, tag: 'sea' }], links };
  const page = pageOf({
    items: [itemOf({ tweet: tweetOf({ entities }) })],
    degraded: ['engagement'],
    partial: true,
  });
  const answers = [
    [TweetPage, shownBy(serializers.feed(page, 'next'))],
    [TweetWithUsers, shownBy(serializers.tweet(page))],
  ] as const;
  for (const [schema, response] of answers) {
    assert.ok(Compile(schema).Check(response));
    assert.deepEqual(unsentFields(schema, [response]), []);
  }
});

test('what a reader did with a tweet shows, whatever others did with the same one', () => {
  const serializers = createSerializers();
  const fields = Object.keys(TweetViewer.properties);
  const alone = { repostedBy: [], repostTime: null };
  const states = Array.from({ length: 2 ** fields.length }, (_, state) =>
    Object.fromEntries(fields.map((field, bit) => [field, (state & (1 << bit)) !== 0])),
  ) as unknown as FeedItem['viewer'][];
  for (const viewer of [...states, null, ...states]) {
    const page = pageOf({ items: [itemOf({}, { viewer, ...alone }), itemOf({}, { viewer })] });
    const { tweets } = shownBy(serializers.feed(page, null));
    assert.deepEqual(
      tweets.map((tweet: { viewer: unknown }) => tweet.viewer),
      [viewer, viewer],
    );
  }
});

/** Each copy of a value in which one number or text, however deep, is another; with where that is. */
function* changedCopies<Value>(value: Value, at: string[] = []): Generator<{ at: string; copy: Value }> {
  if (typeof value === 'number') yield { at: at.join('.'), copy: (value + 1) as Value };
  else if (typeof value === 'string') yield { at: at.join('.'), copy: `${value}2` as Value };
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      for (const { at: where, copy } of changedCopies(inner, [...at, name])) {
        const whole = Array.isArray(value) ? [...value] : { ...value };
        yield { at: where, copy: Object.assign(whole, { [name]: copy }) as Value };
      }
    }
  }
}

test('a kept fragment is used for nothing that would be shown otherwise', () => {
  const known = { ...tweetViewOf(), hiddenMentions: [43] };
  for (const { at, copy } of changedCopies(known)) {
    // A tweet is what its version says.
    const tweetView = at.startsWith('tweet.') ? { ...copy, tweet: { ...copy.tweet, version: 2 } } : copy;
    const serializers = createSerializers();
    serializers.feed(pageOf({ items: [itemOf(known)] }), null);
    const page = pageOf({ items: [itemOf(tweetView)] });
    assert.deepEqual(
      shownBy(serializers.feed(page, null)),
      shownBy(createSerializers().feed(page, null)),
      at,
    );
  }
});
