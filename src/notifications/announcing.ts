import type { Snowflake, UserId } from '#contract/ids.ts';
import type { Live } from '#queue/live.ts';
import type { ViewStore } from '#queue/view.ts';
import type { Item, ItemChange, ItemsPatch, NotificationItems, StoredItem } from './notifications-store.ts';

export interface AnnouncingDeps {
  views: ViewStore<ItemsPatch>;
  items: NotificationItems['items'];
  live: Live;
}

export interface Announcing {
  views: ViewStore<ItemsPatch>;
  /** Tells those of the recipients who are connected. */
  told(items: readonly Item[]): void;
}

/**
 * The items' store, that after each commit to a live generation tells the connected people whom it concerns. A
 * generation under construction changes nothing that anybody sees. A change that takes nothing back is not told of:
 * a private follow must not show by so much as a hint.
 */
export function announcing({ views, items, live }: AnnouncingDeps): Announcing {
  /** The live generation of the partitions that this process owns, as of its claim; a swap is followed by another. */
  const liveGenerations = new Map<number, number>();

  function announce(recipient: UserId, id: Snowflake | null): void {
    if (live.listening(recipient)) live.publish(recipient, { type: 'notification', id });
  }

  /** Who will have to be told of what, as things stand before the commit. */
  async function hintsOf(changes: readonly ItemChange[]): Promise<Hint[]> {
    const hints: Hint[] = [];
    const had = new Map<UserId, StoredItem[]>();
    for (const change of changes) {
      const recipient = change.change === 'add' ? change.item.recipient : change.recipient;
      if (!live.listening(recipient)) continue;
      const known = had.get(recipient) ?? (await items({ recipient, above: 0 }));
      had.set(recipient, known);
      const hint = hintOf(change, known);
      if (hint !== undefined) hints.push({ recipient, id: hint });
    }
    return hints;
  }

  return {
    views: {
      ...views,
      async claim(partition) {
        const state = await views.claim(partition);
        liveGenerations.set(partition, state.live.generation);
        return state;
      },
      async commit(commit) {
        const seen = liveGenerations.get(commit.partition) === commit.generation;
        const hints = seen ? await hintsOf(commit.patch.changes) : [];
        const written = await views.commit(commit);
        if (written) for (const { recipient, id } of hints) announce(recipient, id);
        return written;
      },
    },
    told(added) {
      for (const { recipient, id } of added) announce(recipient, id);
    },
  };
}

interface Hint {
  recipient: UserId;
  id: Snowflake | null;
}

/** The id of what is added, null where something goes, undefined where nothing changes. */
function hintOf(change: ItemChange, had: readonly StoredItem[]): Snowflake | null | undefined {
  const goes = (item: StoredItem): boolean => {
    switch (change.change) {
      case 'add':
        return false;
      case 'remove':
        return item.id === change.id;
      case 'removeTweet':
        return item.tweetId === change.tweetId;
      case 'settleFollow':
        return item.actor === change.actor && (item.type === 'follow' || item.type === 'followRequest');
    }
  };
  const added = change.change === 'add' || change.change === 'settleFollow' ? change.item : null;
  if (added !== null) return had.some(({ id }) => id === added.id) ? undefined : added.id;
  return had.some(goes) ? null : undefined;
}
