/** Composes the gateway: its own stores, accounts, media, limits and streams, in front of the services. */
import type { Logger } from 'pino';
import type { Accounts } from '#accounts/accounts.ts';
import { createAccountsService } from '#accounts/accounts-service.ts';
import type { Administration } from '#accounts/administration.ts';
import { createAdministration } from '#accounts/administration-service.ts';
import { createAnnouncer } from '#accounts/announcer.ts';
import { createErasure } from '#accounts/erasure.ts';
import { createPasswordHasher, type PasswordHasher } from '#accounts/password-hasher.ts';
import { createGateway, type Gateway, type GatewayDeps } from '#gateway/gateway.ts';
import { createStreamsService } from '#gateway/streams/streams-service.ts';
import { createLimits } from '#http/limits/limits-service.ts';
import { openUploadSpool } from '#http/upload-spool.ts';
import type { Media } from '#media/media.ts';
import { createMediaService } from '#media/media-service.ts';
import { createMediaUsesView } from '#media/media-uses-view.ts';
import { createPictures } from '#media/pictures.ts';
import { openDiskMediaStore } from '#media/stores/disk.ts';
import { openMediaUsesDb } from '#media/stores/sqlite/uses.ts';
import type { Moderation } from '#moderation/moderation.ts';
import { createModeration } from '#moderation/moderation-service.ts';
import type { Random } from '#platform/random.ts';
import type { Database } from '#platform/sqlite/database.ts';
import { createLogEmptier } from '#platform/sqlite/log-emptier.ts';
import type { Worker } from '#platform/worker.ts';
import { createViewRunner } from '#queue/view-runner.ts';
import { complete } from './complete.ts';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { UPLOADS_DIRECTORY } from './data-files.ts';
import { erasureSteps } from './erasure-steps.ts';
import { type GatewayDb, openGatewayDb } from './gateway-db.ts';
import { logSetAside } from './logger.ts';
import type { System } from './system.ts';

export interface PublicApi extends Pick<Gateway, 'app' | 'listen' | 'close' | 'registry'> {
  accounts: Accounts;
  administration: Administration;
  moderation: Moderation;
  media: Media;
  /** The gateway's own files. */
  databases: Database[];
  workers: Worker[];
  /** To be called when no request is running any more. */
  closeStores(): Promise<void>;
}

export interface PublicApiDeps {
  system: System;
  config: Pick<Config, 'rateLimits' | 'quotas' | 'metricsToken'> &
    Partial<
      Pick<
        Config,
        'bounds' | 'trustedProxies' | 'publicUrl' | 'logAddresses' | 'pictureMegapixels' | 'uploadsMiB'
      >
    >;
  directory: Pick<DataDirectory, 'file'>;
  random: Random;
  logger: Logger;
  version: string;
  hasher?: PasswordHasher;
}

export async function createPublicApi(deps: PublicApiDeps): Promise<PublicApi> {
  const { system, config, directory, random, logger, version } = deps;
  const { services, clock, minter } = system;
  const gatewayDb = openGatewayDb({ path: directory.file('gateway.db'), disk: system.disk });
  minter.keepIn(gatewayDb.highWater);
  const {
    accounts,
    administration,
    announcer,
    limits,
    workers: accountWorkers,
  } = openAccounts(deps, gatewayDb);
  const { media, usesDb, workers: mediaWorkers } = await openMedia(deps, gatewayDb, administration);
  const moderation = createModeration({
    ...services,
    store: gatewayDb.reports,
    administration,
    media,
    mint: minter.mint,
    clock,
  });
  const streams = openStreams(deps, accounts);
  const gateway = createGateway(
    complete<GatewayDeps>({
      services,
      accounts,
      media,
      uploads: await openUploadSpool({
        directory: directory.file(UPLOADS_DIRECTORY),
        random,
        max_MiB: config.uploadsMiB,
      }),
      moderation,
      streams,
      limits,
      ...siteOf(config),
      cursorKey: await accounts.secret('cursors'),
      clock,
      random,
      logger,
      version,
      ready: undefined,
    }),
  );
  const steps = erasureSteps({ ...services, media, moderation });
  const erasure = createErasure({ store: gatewayDb.accounts, social: services.social, steps, clock });
  const { app, listen, close, registry } = gateway;
  return {
    app,
    listen,
    close,
    registry,
    accounts,
    administration,
    moderation,
    media,
    databases: [gatewayDb.db, usesDb.db],
    workers: [
      ...gateway.workers,
      ...accountWorkers,
      announcer.worker,
      ...mediaWorkers,
      erasure,
      createLogEmptier([gatewayDb.db]),
    ],
    async closeStores() {
      await Promise.all([gatewayDb.close(), usesDb.close()]);
    },
  };
}

/** What the configuration says of where this server stands. */
function siteOf(config: PublicApiDeps['config']) {
  return {
    bounds: config.bounds?.server ?? {},
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    logAddresses: config.logAddresses,
    metricsToken: config.metricsToken,
  };
}

/** Who signs in, what limits their requests, and who runs the server. */
function openAccounts({ system, config, random, hasher }: PublicApiDeps, gatewayDb: GatewayDb) {
  const { services, pubsub, clock, minter } = system;
  const announcer = createAnnouncer({ store: gatewayDb.accounts, social: services.social });
  const limits = createLimits({
    clock,
    off: config.rateLimits === 'off',
    quotas: config.quotas,
    maxConcurrent: config.bounds?.maxConcurrent ?? {},
  });
  const accountDeps = {
    store: gatewayDb.accounts,
    announcer,
    hasher: hasher ?? createPasswordHasher({ random, maxPerAddress: limits.maxConcurrent.passwords }),
    mint: minter.mint,
    clock,
    random,
  };
  const { accounts, workers } = createAccountsService({
    ...accountDeps,
    social: services.social,
    attempts: limits,
    pubsub,
  });
  system.useAccounts(accounts);
  const administration = createAdministration({ ...accountDeps, audit: gatewayDb.audit });
  return { accounts, administration, announcer, limits, workers };
}

/** Pictures, and the view of what uses them. */
async function openMedia(
  { system, config, directory, random, logger }: PublicApiDeps,
  gatewayDb: GatewayDb,
  administration: Administration,
) {
  const { services, log, clock } = system;
  const usesDb = openMediaUsesDb({
    path: directory.file('media-uses.db'),
    disk: system.disk,
    onSetAside: logSetAside(logger),
  });
  const usesRunner = createViewRunner({ view: createMediaUsesView(services), store: usesDb.viewStore, log });
  system.addView('media-uses', usesRunner);
  const { media, workers } = createMediaService({
    index: gatewayDb.media,
    store: await openDiskMediaStore({ directory: directory.file('media'), clock, random }),
    uses: usesDb.uses,
    usesRunner,
    log,
    pictures: createPictures({ megapixels: config.pictureMegapixels }),
    social: services.social,
    tweets: services.tweets,
    resolves: async ({ userId, tweetIds }) =>
      (await administration.isModerator({ userId })) && (await gatewayDb.reports.anyOpen({ tweetIds })),
    clock,
    random,
  });
  return { media, usesDb, workers: [...workers, usesRunner.worker] };
}

function openStreams({ system, random, logger }: PublicApiDeps, accounts: Accounts) {
  const { services, pubsub, clock } = system;
  return createStreamsService({
    ...services,
    pubsub,
    accounts,
    clock,
    random,
    onError: (error) => logger.error({ err: error }, 'a stream ended by an error'),
  });
}
