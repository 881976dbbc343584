/**
 * The followers of an author, private ones included, as plain numbers: read from social when first needed, kept current
 * by the topic `follows`, evicted when other lists need the memory.
 *
 * A list must be complete and nothing else: every follower whose follow event was read is in it. It may still hold a
 * user who unfollowed, and hold a follower twice: reading a home leaves out the former, a home timeline drops the
 * latter. So adding a follower is an append, removing one is nothing, and slices can be cut while the list grows.
 *
 * Why no follower is missing: social is read page by page, in order of user ids, while edges change. An edge committed
 * before its page was read is in the page. The event of an edge committed later is read later, and is appended to the
 * list, even to one that is still being read.
 */
import type { UserId } from '#domain/ids.ts';
import type { Social } from '#social/social.ts';

export interface FollowerList {
  readonly author: UserId;
  /** The first `length` are followers. Grows at the end; a slice that was cut does not change. */
  ids: Uint32Array;
  length: number;
  /** All pages were read from social. */
  complete: boolean;
}

export interface FollowerLists {
  /** The author's list; where there was none, a new one, empty and not complete. */
  of(author: UserId): FollowerList;
  /** Reads the next page into a list that is not complete. */
  loadMore(list: FollowerList): Promise<void>;
  follow(author: UserId, follower: UserId): void;
  unfollow(author: UserId): void;
  /** Number of ids in all lists. */
  size(): number;
}

export interface FollowerListsDeps {
  social: Pick<Social, 'followerIds'>;
  /** Ids kept in all lists together, 4 bytes each; the list in use may exceed it on its own. */
  maxIds?: number;
  pageSize?: number;
}

const MAX_IDS = 50_000_000;
const PAGE = 4_000;
/** What an empty list costs, in ids. */
const OVERHEAD = 50;
/** A list is read again once more than this share of it has unfollowed. */
const STALE_SHARE = 0.25;

interface KeptList extends FollowerList {
  /** The last user id read from social. */
  after: UserId;
  left: number;
  counted: number;
}

export function createFollowerLists(deps: FollowerListsDeps): FollowerLists {
  const { social, maxIds = MAX_IDS, pageSize = PAGE } = deps;
  /** Least recently used first. */
  const lists = new Map<UserId, KeptList>();
  let total = 0;

  function recount(list: KeptList): void {
    if (lists.get(list.author) !== list) return;
    total += list.length + OVERHEAD - list.counted;
    list.counted = list.length + OVERHEAD;
  }
  function forget(list: KeptList): void {
    lists.delete(list.author);
    total -= list.counted;
  }
  function makeRoom(): void {
    for (const list of lists.values()) {
      if (total <= maxIds || lists.size === 1) return;
      forget(list);
    }
  }
  function append(list: KeptList, ids: ArrayLike<number>): void {
    const length = list.length + ids.length;
    if (length > list.ids.length) {
      // Slices already cut keep the old array.
      const grown = new Uint32Array(
        Math.max(length, Math.min(2 * list.ids.length, list.ids.length + 1_000_000)),
      );
      grown.set(list.ids.subarray(0, list.length));
      list.ids = grown;
    }
    list.ids.set(ids, list.length);
    list.length = length;
    recount(list);
  }

  return {
    of(author) {
      const kept = lists.get(author);
      const list = kept ?? {
        author,
        ids: new Uint32Array(0),
        length: 0,
        complete: false,
        after: 0,
        left: 0,
        counted: 0,
      };
      if (kept !== undefined) lists.delete(author);
      lists.set(author, list);
      recount(list);
      makeRoom();
      return list;
    },
    async loadMore(unfinished) {
      const list = unfinished as KeptList;
      const { userIds, next } = await social.followerIds({
        followee: list.author,
        after: list.after,
        limit: pageSize,
      });
      append(list, userIds);
      list.complete = next === null;
      list.after = next ?? list.after;
      makeRoom();
    },
    follow(author, follower) {
      const list = lists.get(author);
      if (list !== undefined) append(list, [follower]);
    },
    unfollow(author) {
      const list = lists.get(author);
      if (list === undefined) return;
      list.left += 1;
      if (list.complete && list.left > 16 && list.left > list.length * STALE_SHARE) forget(list);
    },
    size: () => total,
  };
}
