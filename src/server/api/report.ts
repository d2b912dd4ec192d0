/** A report to print: how the book stands and what the period's decisions come to, with the reference plan as CSV behind it. */
import { z } from 'zod'
import { encodeText } from '../../../connectors/csv/encode.ts'
import { LEVELS } from '../../contracts/customer-terms.ts'
import { minorDigits } from '../../contracts/money.ts'
import { modelVersions } from '../../loop/model-versions.ts'
import { policyPage } from '../../loop/policy-page.ts'
import { actionsOf, periodOf } from '../../settings/planning.ts'
import type { Action } from '../../contracts/actions.ts'
import { recordAudit } from '../../store/audit.ts'
import { listConnections } from '../../store/connections.ts'
import { decidedActions, reportPages, type ReportRow } from '../../store/reads/report.ts'
import { readTotals } from '../../store/reads/totals.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant } from '../../store/tenants.ts'
import { periodWords } from '../words/period.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const amount = z.int().meta({ description: 'In minor units of the currency' })

export const reportAnswer = z.object({
  company: z.string(),
  at: shape.time,
  period: z.string().meta({ example: '2026-11' }),
  periodName: z.string().meta({ example: 'November 2026' }),
  customers: z.int().meta({ description: 'Scored customers of the population' }),
  levels: z.array(
    z.object({
      level: shape.level,
      customers: z.int().meta({ description: 'GET /v1/customers?level=… lists them' }),
      atRisk: z
        .array(z.object({ currency: shape.currency, minor: amount }))
        .meta({ description: 'Probability x 12 months of the recurring amount, a year' }),
      unknownAmount: z
        .int()
        .meta({ description: 'Customers whose amount is not known, and not in the sums' }),
    }),
  ),
  actions: z.array(
    z.object({
      id: z.int().nullable().meta({ description: 'Place in the catalogue; null: it left it' }),
      key: shape.actionKey,
      name: z.string(),
      customers: z.int(),
      currency: shape.currency,
      costMinor: amount,
      expectedMinor: amount,
    }),
  ),
  undecided: z.int().meta({ description: 'Scored and not decided on in this period yet' }),
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      starter: z.boolean(),
      connections: z.array(z.string()),
    }),
  ),
  policy: z.object({ name: z.string(), version: z.string(), explanation: z.string() }),
  notes: z.array(z.string()).meta({ description: 'What has to be known of the figures' }),
})
export type ReportAnswer = z.infer<typeof reportAnswer>

export const reportRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/report',
    summary: 'How the book stands, to print; or the plan as CSV',
    description:
      'With format=csv every customer of the population, in the columns CustomerID, Tenure, MonthlyCharges, ChurnProbability, RiskLevel, ActionID, RecommendedAction, ActionCost. What is not known is blank, never 0. Amounts are major units.',
    tag: 'Exports',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ format: z.enum(['json', 'csv']).default('json') }),
    answers: { 200: { description: 'The report', schema: reportAnswer } },
    handle: async ({ tenant, query, caller, requestId }, { database, clock }) => {
      const now = clock()
      if (query.format === 'csv') {
        const settings = await database.withTenant(tenant, async (tx) => {
          await recordAudit(tx, { actor: caller.actor, action: 'export', object: 'report', requestId })
          return (await currentSettings(tx)).settings
        })
        const period = periodOf(settings.period, now)
        const pages = reportPages(database, tenant, period)
        const stream = csvOf(pages, actionsOf(settings))
        return { status: 200, type: 'text/csv; charset=utf-8', filename: `retention-${period}.csv`, stream }
      }
      const body = await database.withTenant(tenant, async (tx): Promise<ReportAnswer> => {
        const { settings } = await currentSettings(tx)
        const period = periodOf(settings.period, now)
        const { name, activatedAt } = await readTenant(tx, tenant)
        const totals = await readTotals(tx)
        const decided = await decidedActions(tx, period)
        const { serving, explanation } = await policyPage(tx)
        const catalogue = actionsOf(settings)
        const models = (await modelVersions(tx)).flatMap((version) => {
          const places = version.serving.filter(({ status }) => status === 'champion')
          return places.length === 0
            ? []
            : [
                {
                  name: version.name,
                  version: version.version,
                  starter: version.origin === 'shipped',
                  connections: places.map(({ connectionName }) => connectionName),
                },
              ]
        })
        const sandbox = (await listConnections(tx)).filter((one) => one.sandbox && one.status === 'active')
        return {
          company: name,
          at: now.toISOString(),
          period,
          periodName: periodWords(period),
          customers: totals.customers,
          levels: LEVELS.map((level) => {
            const own = totals.byLevel.filter((one) => one.level === level)
            const sum = own.reduce((all, one) => all + one.customers, 0)
            const unknown = own.filter(({ currency }) => currency === null)
            return {
              level,
              customers: sum,
              atRisk: own.flatMap(({ currency, valueAtRiskMinor }) =>
                currency === null ? [] : [{ currency, minor: valueAtRiskMinor }],
              ),
              unknownAmount: unknown.reduce((all, one) => all + one.customers, 0),
            }
          }),
          actions: decided.map((one) => {
            const action = catalogue.find(({ key }) => key === one.key)
            return { ...one, id: action?.id ?? null, name: action?.name ?? one.key }
          }),
          undecided: Math.max(0, totals.customers - decided.reduce((all, one) => all + one.customers, 0)),
          models,
          policy: { name: serving.name, version: serving.version, explanation },
          notes: [
            ...(activatedAt === null || activatedAt > now
              ? ['Actions are not turned on: what is recommended is not carried out.']
              : settings.delivery.mode === 'live'
                ? []
                : [`The delivery mode is ${settings.delivery.mode}: nothing reaches customers.`]),
            ...sandbox.map((one) => `“${one.name}” is a sandbox: its customers are made up.`),
            ...models
              .filter(({ starter }) => starter)
              .map((one) => `“${one.name}” is a starter model, not trained on your customers.`),
            'Expected margin is what the policy expects; only a holdout measures what was earned.',
          ],
        }
      })
      return { status: 200, body }
    },
  }),
]

const HEADER =
  'CustomerID,Tenure,MonthlyCharges,ChurnProbability,RiskLevel,ActionID,RecommendedAction,ActionCost\n'
const STYLE = { neutralise: true, quoteEmpty: true }

async function* csvOf(
  pages: AsyncGenerator<readonly ReportRow[], void>,
  catalogue: readonly Action[],
): AsyncGenerator<string, void> {
  let head = HEADER
  for await (const rows of pages) {
    yield head + rows.map((row) => lineOf(row, catalogue)).join('')
    head = ''
  }
}

function lineOf(row: ReportRow, catalogue: readonly Action[]): string {
  const action = catalogue.find(({ key }) => key === row.actionKey)
  const cells = [
    encodeText(row.customer, STYLE),
    row.tenureMonths === null ? '' : String(Math.round(row.tenureMonths * 100) / 100),
    major(row.monthlyMinor, row.currency),
    row.probability === null ? '' : String(Math.round(row.probability * 1e4) / 1e4),
    row.level ?? '',
    action === undefined ? '' : String(action.id),
    row.actionKey === null ? '' : encodeText(action?.name ?? row.actionKey, STYLE),
    major(row.costMinor, row.costCurrency),
  ]
  return `${cells.join(',')}\n`
}

const major = (minor: number | null, currency: string | null): string =>
  minor === null || currency === null ? '' : String(minor / 10 ** minorDigits(currency))
