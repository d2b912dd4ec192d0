/**
 * Solve: the policy for a company's own catalogue and beliefs, worked out in the background while the one before goes
 * on answering. What comes of it takes over whole once it reaches its bars; what does not stays out, the old one stays
 * in charge, and the step says why.
 *
 * The question is asked of the settings as they are when it is answered: what was solved for settings that somebody
 * changed meanwhile is dropped, and the step is due again. Equal beliefs give equal bytes, so two processes that solve
 * at the same time do no harm.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBundle } from '../../models/onnx/bundle.ts'
import type { PolicyContents } from '../../models/onnx/bundle-contents.ts'
import type { SolveRequest, SolvedPolicy } from '../../models/policy/solve-job.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from '../store/database.ts'
import { recordAudit } from '../store/audit.ts'
import { knownPolicy, policyContentsOf, putInCharge, refusePolicy, savePolicy } from '../store/policies.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { SEEDS, wantedPolicy, type WantedPolicy } from './policy-wanted.ts'
import type { LoopStep } from './services.ts'
import { tellRefusedPolicy } from './tell-events.ts'

/** Solves apart from the thread that asks, and stops when the signal says so: `solveInThread`. */
export type Solver = (request: SolveRequest, signal: AbortSignal) => Promise<SolvedPolicy>

/**
 * Safe to repeat: what was solved is not solved again.
 *
 * @returns a step with counts `{ solved, swapped }`, how many policies were solved and took over
 * @throws (the step) HoldfastError `policy_refused`
 * @example
 * const solve = solveStep(solveInThread)
 */
export function solveStep(solver: Solver): LoopStep {
  return async ({ database }, { tenant, signal }) => {
    const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
      database.withTenant(tenant, work)
    const asked = await inTenant(async (tx) => {
      const question = await questionOf(tx)
      return { ...question, ...(await settle(tx, question.wanted)) }
    })
    if (asked.problems !== null) throw refused(asked.problems)
    if (asked.settled || asked.wanted === null) return { solved: 0, swapped: asked.swapped }

    const { wanted } = asked
    const { assumptions, version } = wanted
    const solved = await solver({ assumptions, version, seeds: SEEDS }, signal)
    const hash = await hashOf(solved.contents)
    const { swapped, problems } = await inTenant(async (tx) => {
      const { contents, figures, seed, problems } = solved
      const settingsVersion = asked.settingsVersion
      await savePolicy(tx, {
        wanted: wanted.wanted,
        hash,
        settingsVersion,
        seed,
        figures,
        problems,
        contents,
      })
      const now = await questionOf(tx)
      return now.wanted?.wanted === wanted.wanted ? settle(tx, now.wanted) : { swapped: 0, problems: null }
    })
    if (problems !== null) throw refused(problems)
    return { solved: 1, swapped }
  }
}

/** What the settings believe now. */
async function questionOf(
  tx: Transaction,
): Promise<{ readonly settingsVersion: number; readonly wanted: WantedPolicy | null }> {
  const { version, settings } = await currentSettings(tx)
  return { settingsVersion: version, wanted: wantedPolicy(settings.actions) }
}

/**
 * Puts in charge what answers the question, where it is known.
 *
 * @returns `settled` false: it has to be solved first; `problems` of an answer that is no good
 */
async function settle(
  tx: Transaction,
  wanted: WantedPolicy | null,
): Promise<{
  readonly settled: boolean
  readonly swapped: number
  readonly problems: readonly string[] | null
}> {
  const known = wanted === null ? null : await knownPolicy(tx, wanted.wanted)
  if (wanted !== null && known === null) return { settled: false, swapped: 0, problems: null }
  if (known === null) {
    const swapped = await putInCharge(tx, null)
    if (swapped) await audit(tx, 'the shipped policy')
    return { settled: true, swapped: swapped ? 1 : 0, problems: null }
  }
  const { name, version, card } = await policyContentsOf(tx, known.hash)
  const policy = { hash: known.hash, name, version, card }
  if (known.problems.length > 0) {
    await refusePolicy(tx, policy)
    await tellRefusedPolicy(tx, { hash: known.hash, problems: known.problems })
    return { settled: true, swapped: 0, problems: known.problems }
  }
  const swapped = await putInCharge(tx, policy)
  if (swapped) await audit(tx, `${version} (${known.hash.slice(0, 12)})`)
  return { settled: true, swapped: swapped ? 1 : 0, problems: null }
}

function audit(tx: Transaction, object: string): Promise<void> {
  return recordAudit(tx, { actor: 'solve', action: 'policy.in_charge', object })
}

function refused(problems: readonly string[]): HoldfastError {
  return new HoldfastError(
    'policy_refused',
    `The policy that was solved for your actions is not good enough to take over, so the one before stays in charge and actions that it does not know are not chosen. ${problems.join(' ')} Look at the effects of your actions in the settings: priors that are far from each other, or very unsure, are hard to tell apart.`,
  )
}

/** The hash of a bundle is that of its files; writing one is also the proof that it can be read back. */
async function hashOf(contents: PolicyContents): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-policy-'))
  try {
    const { hash } = await writeBundle(join(folder, 'policy'), contents)
    return hash
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
