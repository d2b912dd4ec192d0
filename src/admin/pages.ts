/**
 * Every page of the app, declared once: the server answers at these addresses and nowhere else below `/app`, and lets in
 * whoever has the role; navigation, titles and the code that the browser loads (page-code.ts) follow from the same list.
 */
import type { Role } from '../security/access.ts'

/** As the navigation groups them, in its order. */
export const PAGE_GROUPS = ['The book', 'Brain', 'Plumbing', 'Set-up'] as const
export type PageGroup = (typeof PAGE_GROUPS)[number]

export interface Page {
  /** Names its code. */
  readonly key: string
  /** `{id}` stands for one part of the path. */
  readonly path: `/app${string}`
  /** Sentence case: in the navigation and as the document's title. */
  readonly title: string
  /** Null: reached from the page whose key is `within`, or from the menu of whoever looks. */
  readonly group: PageGroup | null
  readonly within?: string
  readonly inMenu?: true
  /** The least that one needs to open it. */
  readonly role: Role
  /** What it reads first: asked for while its code is still on its way. */
  readonly reads?: readonly `/v1/${string}`[]
  /** What is counted beside its name: a field of `counts` of GET /v1/frame. */
  readonly badge?: 'approvals' | 'attention' | 'customers'
}

export const PAGES = [
  {
    key: 'overview',
    path: '/app',
    title: 'Overview',
    group: 'The book',
    role: 'viewer',
    reads: ['/v1/overview'],
  },
  {
    key: 'customers',
    path: '/app/customers',
    title: 'Customers',
    group: 'The book',
    role: 'viewer',
    // The list itself follows from the view that it opens with.
    reads: ['/v1/connections'],
    badge: 'customers',
  },
  {
    key: 'customer',
    path: '/app/customers/{id}',
    title: 'Customer',
    group: null,
    within: 'customers',
    role: 'viewer',
  },
  {
    key: 'approvals',
    path: '/app/approvals',
    title: 'Approvals',
    group: 'The book',
    role: 'viewer',
    reads: ['/v1/approvals'],
    badge: 'approvals',
  },
  { key: 'actions', path: '/app/actions', title: 'Actions', group: 'The book', role: 'viewer' },
  {
    key: 'actionList',
    path: '/app/actions/list',
    title: 'Actions one by one',
    group: null,
    within: 'actions',
    role: 'viewer',
  },
  {
    key: 'decisionList',
    path: '/app/actions/decisions',
    title: 'Decisions one by one',
    group: null,
    within: 'actions',
    role: 'viewer',
  },
  {
    key: 'repAnswers',
    path: '/app/actions/answers',
    title: 'Answers on the record',
    group: null,
    within: 'actions',
    role: 'viewer',
  },
  { key: 'model', path: '/app/model', title: 'Churn model', group: 'Brain', role: 'viewer' },
  { key: 'training', path: '/app/training', title: 'Training', group: 'Brain', role: 'viewer' },
  {
    key: 'trainingRun',
    path: '/app/training/{id}',
    title: 'One training',
    group: null,
    within: 'training',
    role: 'viewer',
  },
  { key: 'policy', path: '/app/policy', title: 'Policy', group: 'Brain', role: 'viewer' },
  { key: 'whatIf', path: '/app/what-if', title: 'What if', group: 'Brain', role: 'viewer' },
  { key: 'report', path: '/app/report', title: 'Report', group: 'Brain', role: 'viewer' },
  { key: 'connections', path: '/app/connections', title: 'Connections', group: 'Plumbing', role: 'viewer' },
  {
    key: 'connection',
    path: '/app/connections/{id}',
    title: 'Connection',
    group: null,
    within: 'connections',
    role: 'viewer',
  },
  { key: 'runs', path: '/app/runs', title: 'Runs', group: 'Plumbing', role: 'viewer' },
  {
    key: 'attention',
    path: '/app/attention',
    title: 'Needs a look',
    group: 'Plumbing',
    role: 'viewer',
    badge: 'attention',
  },
  {
    key: 'held',
    path: '/app/attention/held',
    title: 'Customers on hold',
    group: null,
    within: 'attention',
    role: 'viewer',
  },
  { key: 'audit', path: '/app/audit', title: 'Audit log', group: 'Plumbing', role: 'admin' },
  { key: 'setup', path: '/app/setup', title: 'First steps', group: 'Set-up', role: 'viewer' },
  { key: 'settings', path: '/app/settings', title: 'Settings', group: 'Set-up', role: 'viewer' },
  {
    key: 'settingsHistory',
    path: '/app/settings/history',
    title: 'History of the settings',
    group: null,
    within: 'settings',
    role: 'viewer',
  },
  { key: 'templates', path: '/app/templates', title: 'Templates', group: 'Set-up', role: 'viewer' },
  {
    key: 'template',
    path: '/app/templates/{channel}/{language}/{action}',
    title: 'A template',
    group: null,
    within: 'templates',
    role: 'viewer',
  },
  { key: 'sending', path: '/app/sending', title: 'Sending', group: 'Set-up', role: 'viewer' },
  { key: 'groups', path: '/app/groups', title: 'Groups', group: 'Set-up', role: 'viewer' },
  { key: 'alerts', path: '/app/alerts', title: 'Alerts', group: 'Set-up', role: 'viewer' },
  { key: 'webhooks', path: '/app/webhooks', title: 'Webhooks', group: 'Set-up', role: 'viewer' },
  { key: 'people', path: '/app/people', title: 'People & roles', group: 'Set-up', role: 'admin' },
  { key: 'keys', path: '/app/keys', title: 'API keys', group: 'Set-up', role: 'admin' },
  { key: 'privacy', path: '/app/privacy', title: 'Data and privacy', group: 'Set-up', role: 'viewer' },
  {
    key: 'sessions',
    path: '/app/sessions',
    title: 'Your sessions',
    group: null,
    inMenu: true,
    role: 'viewer',
  },
] as const satisfies readonly Page[]

export type PageKey = (typeof PAGES)[number]['key']
