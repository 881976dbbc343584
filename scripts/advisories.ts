/**
 * Asks the npm registry for security advisories about the versions in package-lock.json. Ends with 1 where there are
 * some that matter. A registry that does not answer, as a mirror or no network, is said and is no failure: the same
 * versions are as good as they were yesterday.
 */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Advisory {
  title: string;
  url: string;
}
/** What `npm audit --json` prints, as far as it is read here; without a version it is an error's. */
interface Report {
  auditReportVersion?: number;
  message?: string;
  vulnerabilities?: Record<string, { name: string; severity: string; via: (Advisory | string)[] }>;
}

const TIMEOUT_MS = 60_000;
const MATTERS = new Set(['moderate', 'high', 'critical']);
const AUDIT = ['audit', '--package-lock-only', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];

function audit(): Promise<string> {
  const npm = process.env.npm_execpath;
  const [program, args] = npm === undefined ? ['npm', AUDIT] : [process.execPath, [npm, ...AUDIT]];
  const cwd = dirname(dirname(fileURLToPath(import.meta.url)));
  // Its exit code says less than what it prints.
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 ** 2 }, (_error, stdout) => {
      resolve(stdout);
    });
  });
}

function reportOf(printed: string): Report {
  try {
    return JSON.parse(printed) as Report;
  } catch {
    return { message: 'npm did not answer in time, or is not there' };
  }
}

const { auditReportVersion, message = 'npm gave no reason', vulnerabilities = {} } = reportOf(await audit());
if (auditReportVersion === undefined) {
  console.error(`Advisories: NOT LOOKED AT, as the registry gave none (${message}).`);
} else {
  const found = Object.values(vulnerabilities);
  for (const { name, severity, via } of found) {
    const reasons = via.map((one) =>
      typeof one === 'string' ? `through ${one}` : `${one.title} ${one.url}`,
    );
    console.error(`Advisories: ${name} (${severity}): ${reasons.join('; ')}`);
  }
  if (found.length === 0) console.error('Advisories: none for the versions in package-lock.json.');
  if (found.some(({ severity }) => MATTERS.has(severity))) process.exitCode = 1;
}
