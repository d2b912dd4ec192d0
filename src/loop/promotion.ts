/**
 * Putting a model in charge of a connection. A new one passes a gate first: good enough by itself, not worse than the one in
 * charge, and fed by what the connection knows. Going back to one that served, or to what ships, is always possible.
 *
 * The change is one transaction over rows that every pass and every process reads as it begins, so scores come from the one
 * before or from the new one, never from half of it. The bundle was tried in a process of its own and is loaded here before.
 */
import { normalBelow } from '../../models/churn/compare.ts'
import { Z95, type Estimate } from '../../models/churn/statistics.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { recordAudit } from '../store/audit.ts'
import { listConnections, type Connection } from '../store/connections.ts'
import type { Database, Transaction } from '../store/database.ts'
import { registerModel } from '../store/models.ts'
import { requestStep } from '../store/steps.ts'
import { cardMapping } from './card.ts'
import { coverageOf } from './choose-model.ts'
import { mappingOf } from './mapping.ts'
import { modelVersion, modelVersions, type ModelVersion } from './model-versions.ts'
import type { Engines } from './services.ts'

/** The least area under the ROC curve. */
export const LEAST_AUC = 0.75
/** So much lower than the one in charge is still not worse. */
export const MARGIN = 0.01
/** Chance of refusing a model that is as good. */
const ALPHA = 0.05
/** Share of what matters to the model that the connection has to know. */
const LEAST_COVERAGE = 0.3

export interface GateCheck {
  readonly name: 'good_enough' | 'not_worse' | 'fed'
  readonly passed: boolean
  /** What was looked at, with its figures. */
  readonly sentence: string
}

export interface Gate {
  readonly connection: ConnectionId
  readonly connectionName: string
  /** The one in charge there; null: none yet. */
  readonly champion: { readonly hash: string; readonly name: string; readonly version: string } | null
  readonly inCharge: boolean
  readonly passes: boolean
  readonly checks: readonly GateCheck[]
}

export interface PromotionServices {
  readonly database: Database
  readonly engines: Engines
}

/**
 * How a model stands at the gate of each connection.
 *
 * @throws HoldfastError `not_found`, `model_missing`, `model_corrupt`
 */
export async function gatesOf(
  services: PromotionServices,
  tenant: TenantId,
  hash: string,
  today: number,
): Promise<readonly Gate[]> {
  const { database, engines } = services
  const known = await database.withTenant(tenant, async (tx) => ({
    version: await modelVersion(tx, hash),
    versions: await modelVersions(tx),
    connections: (await listConnections(tx)).filter(({ status }) => status !== 'disconnected'),
  }))
  const { version, versions } = known
  const { churn } = await engines.get(version.location)
  return known.connections.map((connection) => {
    const champion =
      versions.find(({ serving }) =>
        serving.some((one) => one.status === 'champion' && one.connection === connection.id),
      ) ?? null
    const coverage =
      connection.profile === null
        ? null
        : coverageOf(
            churn,
            connection.profile,
            mappingOf(connection, { like: cardMapping(churn.card), today }),
            today,
          )
    const checks = [goodEnough(version), notWorse(version, champion), fed(connection, coverage)]
    return {
      connection: connection.id,
      connectionName: connection.name,
      champion:
        champion === null ? null : { hash: champion.hash, name: champion.name, version: champion.version },
      inCharge: champion?.hash === hash,
      passes: checks.every(({ passed }) => passed),
      checks,
    }
  })
}

/** @internal exported for its tests */
export function goodEnough({ facts, origin }: Pick<ModelVersion, 'facts' | 'origin'>): GateCheck {
  const { auc, customers } = facts
  if (auc === null)
    return {
      name: 'good_enough',
      passed: false,
      sentence: `No figure says how well it ranks customers; it takes an AUC above ${LEAST_AUC}.`,
    }
  const where = origin === 'uploaded' ? ', as its card says' : ''
  const on = customers === null ? '' : ` on ${customers.toLocaleString('en')} customers that it did not see`
  const passed = auc.value > LEAST_AUC
  return {
    name: 'good_enough',
    passed,
    sentence: `Its AUC is ${between(auc)}${on}${where}; it has to be above ${LEAST_AUC}. Of one who left and one who stayed it puts the right one higher ${Math.round(auc.value * 100)} times in 100.`,
  }
}

/** @internal exported for its tests */
export function notWorse(
  { facts, comparisons, hash }: Pick<ModelVersion, 'facts' | 'comparisons' | 'hash'>,
  champion: Pick<ModelVersion, 'hash' | 'name' | 'facts'> | null,
): GateCheck {
  const say = (passed: boolean, sentence: string): GateCheck => ({ name: 'not_worse', passed, sentence })
  if (champion === null) return say(true, 'No model is in charge yet that it could be worse than.')
  if (champion.hash === hash) return say(true, 'It is in charge.')
  const same = comparisons.find((one) => one.hash === champion.hash)
  if (same?.auc) {
    const { first, second, value, low, high, pWorse } = same.auc
    const passed = pWorse >= ALPHA && value >= -MARGIN
    return say(
      passed,
      `On the same ${same.customers.toLocaleString('en')} customers, which neither was trained on, its AUC is ${first.toFixed(3)} and that of ${champion.name} ${second.toFixed(3)}: a difference of ${signed(value)} (95 % interval ${signed(low)} to ${signed(high)}). DeLong's paired test says it is ${pWorse < ALPHA ? 'worse' : 'not shown to be worse'} (p ${pWorse.toFixed(3)}; refused below ${ALPHA}, or more than ${MARGIN} lower).`,
    )
  }
  const why =
    same?.why === undefined || same.why === null ? 'They were not measured on the same customers.' : same.why
  if (facts.auc === null) return say(false, `${why} It has no figures of its own to compare with.`)
  if (champion.facts.auc === null)
    return say(
      true,
      `${why} ${champion.name} has no measured figures, so there is nothing that it could be worse than.`,
    )
  const value = facts.auc.value - champion.facts.auc.value
  const error = Math.hypot(errorOf(facts.auc), errorOf(champion.facts.auc))
  const pWorse = error > 0 ? normalBelow(value / error) : value < 0 ? 0 : 1
  return say(
    pWorse >= ALPHA && value >= -MARGIN,
    `${why} By their own figures, on different customers, its AUC is ${between(facts.auc)} and that of ${champion.name} ${between(champion.facts.auc)} (p ${pWorse.toFixed(3)} that it is as good; refused below ${ALPHA}, or more than ${MARGIN} lower). Different customers make this a weak comparison.`,
  )
}

function fed(connection: Pick<Connection, 'name'>, coverage: number | null): GateCheck {
  if (coverage === null)
    return {
      name: 'fed',
      passed: true,
      sentence: `${connection.name} was not read yet; what it knows is seen with the first sync.`,
    }
  const share = Math.round(coverage * 100)
  return {
    name: 'fed',
    passed: coverage >= LEAST_COVERAGE,
    sentence: `${connection.name} has ${share} % of what the model looks at, by what matters to it; it takes ${LEAST_COVERAGE * 100} %.`,
  }
}

const errorOf = ({ low, high }: Estimate): number => (high - low) / (2 * Z95)
const between = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)})`
const signed = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}`

export interface PromotionRequest {
  readonly tenant: TenantId
  readonly hash: string
  /** Null: every connection. */
  readonly connection: ConnectionId | null
  /** As the audit log names them. */
  readonly by: string
  readonly requestId: string
  readonly today: number
}

/** Where a model is in charge now. */
export interface Promoted {
  readonly connections: readonly { readonly id: ConnectionId; readonly name: string }[]
}

/**
 * @throws HoldfastError `conflict` when the gate refuses it, saying why; `not_found`; `model_missing`, `model_corrupt`,
 *   and the one before stays in charge
 */
export async function promote(services: PromotionServices, request: PromotionRequest): Promise<Promoted> {
  const { tenant, hash, connection, today } = request
  const gates = await gatesOf(services, tenant, hash, today)
  const wanted = chosen(gates, connection)
  const refused = wanted.find(({ passes, inCharge }) => !passes && !inCharge)
  if (refused !== undefined)
    throw new HoldfastError(
      'conflict',
      `The model is not put in charge of ${refused.connectionName}. ${refused.checks
        .filter(({ passed }) => !passed)
        .map(({ sentence }) => sentence)
        .join(' ')}`,
    )
  return putInCharge(services, request, 'model.promote', wanted)
}

/**
 * Back to a model that was in charge of the connection, or to one that ships.
 *
 * @throws HoldfastError `conflict` for one that never was; `not_found`; `model_missing`, `model_corrupt`
 */
export async function rollBack(services: PromotionServices, request: PromotionRequest): Promise<Promoted> {
  const { tenant, hash, connection, today } = request
  const wanted = chosen(await gatesOf(services, tenant, hash, today), connection)
  const version = await services.database.withTenant(tenant, (tx) => modelVersion(tx, hash))
  const never = wanted.find(
    ({ connection: id }) =>
      version.origin !== 'shipped' && version.serving.every((one) => one.connection !== id),
  )
  if (never !== undefined)
    throw new HoldfastError(
      'conflict',
      `This model was never in charge of ${never.connectionName}, so there is no way back to it. Promote it instead.`,
    )
  return putInCharge(services, request, 'model.roll_back', wanted)
}

function chosen(gates: readonly Gate[], connection: ConnectionId | null): readonly Gate[] {
  if (connection === null) {
    if (gates.length > 0) return gates
    throw new HoldfastError(
      'conflict',
      'There is no connection yet that a model could be in charge of. Connect one first.',
    )
  }
  const found = gates.filter((gate) => gate.connection === connection)
  if (found.length > 0) return found
  throw new HoldfastError('not_found', 'There is no such connection. GET /v1/connections lists them.')
}

async function putInCharge(
  { database, engines }: PromotionServices,
  { tenant, hash, by, requestId }: PromotionRequest,
  action: 'model.promote' | 'model.roll_back',
  gates: readonly Gate[],
): Promise<Promoted> {
  const version = await database.withTenant(tenant, (tx) => modelVersion(tx, hash))
  // Loaded before anybody needs it; what others hold of the one before goes on answering.
  const { churn } = await engines.get(version.location)
  await database.withTenant(tenant, async (tx) => {
    for (const gate of gates)
      if (!gate.inCharge) await takeOver(tx, gate, version, { card: churn.card, by, requestId, action })
  })
  return {
    connections: gates.map(({ connection, connectionName }) => ({ id: connection, name: connectionName })),
  }
}

async function takeOver(
  tx: Transaction,
  { connection, champion }: Gate,
  { hash, name, version, location }: ModelVersion,
  { card, by, requestId, action }: { card: unknown; by: string; requestId: string; action: string },
): Promise<void> {
  await registerModel(tx, connection, { kind: 'churn', hash, name, version, location, card, by })
  await requestStep(tx, { connection, step: 'score', cause: 'model' })
  await recordAudit(tx, {
    actor: by,
    action,
    object: hash,
    detail: { connection, name, version, before: champion?.hash ?? null },
    requestId,
  })
}
