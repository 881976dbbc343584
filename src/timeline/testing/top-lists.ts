/** A process with top lists, which can be ended and started again. */
import { TELLS_NOTHING } from '#platform/change-source.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createViewRunner, type ViewRunner } from '#queue/view-runner.ts';
import { createFolloweeSets } from '../home/followee-set.ts';
import { createMemoryTopListsBackend } from '../stores/memory/top-lists.ts';
import { createMemoryTopSnapshots } from '../stores/memory/top-snapshots.ts';
import { createAuthorTops } from '../top/author-tops.ts';
import { createDirtySet, withDirtySet } from '../top/dirty-set.ts';
import { createGlobalTop, type GlobalTop } from '../top/global-top.ts';
import { createHomeTop, type OpenHomeTop } from '../top/home-top.ts';
import type { TopKIndexSize } from '../top/top-k-index.ts';
import type { TopSnapshots } from '../top/top-snapshots.ts';
import { createTopView } from '../top/top-view.ts';
import { createWorld, type World } from './world.ts';

interface Process {
  view: ViewRunner;
  globalTop: GlobalTop;
  snapshots: TopSnapshots;
  openHomeTop: OpenHomeTop;
}

export interface Setup extends Process {
  clock: ManualClock;
  world: World;
  /** The process ends, by a shutdown that keeps its lists or by a crash, and another starts on the same stores. */
  restart(how: 'stopped' | 'crashed'): Promise<void>;
  /** Runs the workers until everything is settled: at most two seconds on the clock. */
  settle(): Promise<void>;
}

interface ProcessDeps {
  backend: ReturnType<typeof createMemoryTopListsBackend>;
  world: World;
  clock: ManualClock;
  size: TopKIndexSize | undefined;
  page: number | undefined;
}

function startProcess({ backend, world, clock, size, page }: ProcessDeps): Process {
  const store = backend.open();
  const dirtySet = createDirtySet();
  const authorTops = createAuthorTops({ store });
  const { log } = world;
  const view = createViewRunner({
    view: createTopView(world),
    store: withDirtySet(store.view, dirtySet),
    log,
    batch: 4,
  });
  const snapshots = createMemoryTopSnapshots({ clock });
  const random = createSeededRandom(1);
  const sizes = { ...(size && { size }), ...(page && { page }) };
  const globalTop = createGlobalTop({
    store,
    snapshots,
    dirtySet,
    clock,
    random,
    isWhole: view.isWhole,
    ...sizes,
  });
  const followeeSets = createFolloweeSets({ social: world.social, changes: TELLS_NOTHING });
  const openHomeTop = createHomeTop({ followeeSets, authorTops, clock, isWhole: view.isWhole });
  return { view, globalTop, snapshots, openHomeTop };
}

/** Top lists of a world with `users` users. `size` and `page` are those of the global lists. */
export async function openTopLists(users: number, size?: TopKIndexSize, page?: number): Promise<Setup> {
  const clock = createManualClock(1_800_000_000_000);
  const world = createWorld(clock);
  await world.users(...Array.from({ length: users }, (_, index) => index + 1));
  const backend = createMemoryTopListsBackend();
  const start = () => startProcess({ backend, world, clock, size, page });
  async function run(): Promise<void> {
    while (await setup.view.worker.step());
    while (await setup.globalTop.worker.step());
  }
  const setup: Setup = {
    ...start(),
    clock,
    world,
    async restart(how) {
      if (how === 'stopped') await setup.globalTop.keep();
      Object.assign(setup, start());
      await setup.globalTop.restore();
    },
    async settle() {
      await run();
      clock.advance(1_000);
      await run();
    },
  };
  return setup;
}
