/**
 * What people open in the org: list views, reports, a dashboard of whoever looks, and the app that leads to all of it. Amounts are
 * plain numbers with their currency beside them, so that nothing adds up euros and dollars: sums stand by currency.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_listview.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_report.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_dashboard.htm
 */
import { INTERVENTION, RISK_FIELD, TOP_REASON_FIELD } from '../../connectors/salesforce/package.ts'
import { metadataFile, type Metadata } from './metadata.ts'

const FOLDER = 'Holdfast'
/** In reports and dashboards, which are asked for by folder and name. */
const REPORTS = {
  accounts: 'My_Accounts_By_Value_At_Risk',
  contacts: 'My_Contacts_By_Value_At_Risk',
  levels: 'My_Accounts_By_Risk_Level',
  interventions: 'Interventions_By_Status',
} as const
export const DASHBOARD = 'My_Customers_By_Value_At_Risk'

export const TABS = {
  customers: 'Holdfast_Customers',
  settings: 'Holdfast_Settings',
} as const
export const APP_NAME = 'Holdfast'

/** Lines of the dashboard's table; a report without groups stands on a dashboard only with a limit. */
const TOP = 20

const f = RISK_FIELD
const SHOWN = [
  f.riskPercent,
  f.riskLevel,
  f.valueAtRisk,
  f.currency,
  f.renewalDate,
  TOP_REASON_FIELD,
  f.suggestedAction,
]

export function viewFiles(): ReadonlyMap<string, string> {
  return new Map([
    listView('Account', 'Holdfast_High_Risk', 'High risk (Holdfast)', ['ACCOUNT.NAME', ...SHOWN], HIGH),
    listView(
      'Account',
      'Holdfast_My_Customers',
      'My customers (Holdfast)',
      ['ACCOUNT.NAME', ...SHOWN],
      SCORED,
      'Mine',
    ),
    listView(
      'Contact',
      'Holdfast_High_Risk',
      'High risk (Holdfast)',
      ['FULL_NAME', 'ACCOUNT.NAME', ...SHOWN],
      HIGH,
    ),
    listView(
      'Contact',
      'Holdfast_My_Customers',
      'My customers (Holdfast)',
      ['FULL_NAME', ...SHOWN],
      SCORED,
      'Mine',
    ),
    listView(INTERVENTION.name, 'All', 'All', INTERVENTION_COLUMNS, []),
    listView(INTERVENTION.name, 'Waiting', 'Waiting for a yes', INTERVENTION_COLUMNS, [
      { field: 'Status__c', operation: 'equals', value: 'awaiting approval' },
    ]),
    ...reportFiles(),
    ...dashboardFiles(),
    ...appFiles(),
  ])
}

type File = readonly [path: string, text: string]
type Filter = { readonly field: string; readonly operation: string; readonly value?: string }

const HIGH: readonly Filter[] = [{ field: f.riskLevel, operation: 'equals', value: 'HIGH' }]
const SCORED: readonly Filter[] = [{ field: f.riskPercent, operation: 'greaterThan', value: '0' }]
const INTERVENTION_COLUMNS = [
  'NAME',
  'Account__c',
  'Contact__c',
  'Action__c',
  'Status__c',
  'Decided_At__c',
  'Sent_At__c',
]

function listView(
  object: string,
  fullName: string,
  label: string,
  columns: readonly string[],
  filters: readonly Filter[],
  filterScope: 'Everything' | 'Mine' = 'Everything',
): File {
  return [
    `objects/${object}/listViews/${fullName}.listView-meta.xml`,
    metadataFile('ListView', { fullName, label, columns, filterScope, filters }),
  ]
}

const folder = (kind: 'reports' | 'dashboards', type: 'ReportFolder' | 'DashboardFolder'): File => [
  `${kind}/${FOLDER}.${kind === 'reports' ? 'reportFolder' : 'dashboardFolder'}-meta.xml`,
  metadataFile(type, {
    name: 'Holdfast',
    folderShares: [{ accessLevel: 'View', sharedTo: 'AllInternalUsers', sharedToType: 'Group' }],
  }),
]

const report = (name: string, content: Readonly<Record<string, Metadata>>): File => [
  `reports/${FOLDER}/${name}.report-meta.xml`,
  metadataFile('Report', { showDetails: true, ...content }),
]

const columns = (...fields: readonly string[]): Metadata => fields.map((field) => ({ field }))
const of = (object: string, fields: readonly string[]): readonly string[] =>
  fields.map((field) => `${object}.${field}`)

/** Whose records, ever since: reports are narrowed down by date if nobody says otherwise. */
const MINE = {
  scope: 'user',
  timeFrameFilter: { dateColumn: 'CREATED_DATE', interval: 'INTERVAL_CUSTOM' },
} as const

const atRisk = (object: string): Metadata => ({
  criteriaItems: [
    {
      column: `${object}.${f.riskLevel}`,
      columnToColumn: false,
      isUnlocked: true,
      operator: 'equals',
      value: 'HIGH,MEDIUM',
    },
  ],
})

function reportFiles(): readonly File[] {
  const byValue = (object: string, names: readonly string[], label: string, reportType: string) => ({
    name: label,
    description: 'Whom to call first: the records that you own, the most value at risk first.',
    columns: columns(...names, ...of(object, SHOWN)),
    filter: atRisk(object),
    format: 'Tabular',
    reportType,
    rowLimit: TOP,
    sortColumn: `${object}.${f.valueAtRisk}`,
    sortOrder: 'Desc',
    ...MINE,
  })
  return [
    folder('reports', 'ReportFolder'),
    report(
      REPORTS.accounts,
      byValue('Account', ['ACCOUNT.NAME'], 'My accounts by value at risk', 'AccountList'),
    ),
    report(
      REPORTS.contacts,
      byValue('Contact', ['FIRST_NAME', 'LAST_NAME'], 'My contacts by value at risk', 'ContactList'),
    ),
    report(REPORTS.levels, {
      name: 'My accounts by risk level',
      description: 'What is at risk in the accounts that you own, by currency and level.',
      columns: [
        { field: 'ACCOUNT.NAME' },
        { field: `Account.${f.riskPercent}` },
        { aggregateTypes: 'Sum', field: `Account.${f.valueAtRisk}` },
      ],
      filter: atRisk('Account'),
      format: 'Summary',
      groupingsDown: [f.currency, f.riskLevel].map((field) => ({
        dateGranularity: 'Day',
        field: `Account.${field}`,
        sortOrder: 'Asc',
      })),
      reportType: 'AccountList',
      ...MINE,
    }),
    report(REPORTS.interventions, {
      name: 'Interventions by status',
      description: 'What Holdfast decided and how far it is.',
      columns: columns(
        'CUST_NAME',
        ...of(INTERVENTION.name, ['Account__c', 'Contact__c', 'Action__c', 'Decided_At__c', 'Sent_At__c']),
      ),
      format: 'Summary',
      groupingsDown: [{ dateGranularity: 'Day', field: `${INTERVENTION.name}.Status__c`, sortOrder: 'Asc' }],
      reportType: `CustomEntity$${INTERVENTION.name}`,
      scope: 'organization',
      timeFrameFilter: { dateColumn: 'CUST_CREATED_DATE', interval: 'INTERVAL_CUSTOM' },
    }),
  ]
}

/** As whoever looks at it: everybody sees their own customers. */
function dashboardFiles(): readonly File[] {
  const chart = (groups: readonly string[], about: Readonly<Record<string, Metadata>>): Metadata => ({
    autoselectColumnsFromReport: false,
    chartAxisRange: 'Auto',
    componentType: 'Column',
    displayUnits: 'Auto',
    drillEnabled: false,
    drillToDetailEnabled: false,
    enableHover: true,
    expandOthers: false,
    groupingColumn: groups,
    legendPosition: 'Bottom',
    showPercentage: false,
    showValues: true,
    sortBy: 'RowLabelAscending',
    useReportChart: false,
    ...about,
  })
  const place = (
    columnIndex: number,
    rowIndex: number,
    colSpan: number,
    rowSpan: number,
    dashboardComponent: Metadata,
  ) => ({
    colSpan,
    columnIndex,
    dashboardComponent,
    rowIndex,
    rowSpan,
  })
  return [
    folder('dashboards', 'DashboardFolder'),
    [
      `dashboards/${FOLDER}/${DASHBOARD}.dashboard-meta.xml`,
      metadataFile('Dashboard', {
        title: 'My customers by value at risk',
        description: 'Whom to call first, and what is at risk: of the accounts of whoever looks.',
        dashboardType: 'LoggedInUser',
        backgroundEndColor: '#FFFFFF',
        backgroundFadeDirection: 'Diagonal',
        backgroundStartColor: '#FFFFFF',
        textColor: '#000000',
        titleColor: '#000000',
        titleSize: 12,
        isGridLayout: true,
        dashboardGridLayout: {
          numberOfColumns: 12,
          rowHeight: 36,
          dashboardGridComponents: [
            place(0, 0, 12, 10, {
              autoselectColumnsFromReport: true,
              componentType: 'Table',
              displayUnits: 'Auto',
              drillEnabled: false,
              drillToDetailEnabled: false,
              expandOthers: false,
              header: 'Whom to call first',
              maxValuesDisplayed: TOP,
              report: `${FOLDER}/${REPORTS.accounts}`,
              showPicturesOnTables: false,
            }),
            place(
              0,
              10,
              6,
              8,
              chart([`Account.${f.riskLevel}`, `Account.${f.currency}`], {
                chartSummary: [{ aggregate: 'Sum', axisBinding: 'y', column: `Account.${f.valueAtRisk}` }],
                header: 'Value at risk by level and currency',
                report: `${FOLDER}/${REPORTS.levels}`,
              }),
            ),
            place(
              6,
              10,
              6,
              8,
              chart([`${INTERVENTION.name}.Status__c`], {
                chartSummary: [{ axisBinding: 'y', column: 'RowCount' }],
                header: 'Interventions by status',
                report: `${FOLDER}/${REPORTS.interventions}`,
              }),
            ),
          ],
        },
      }),
    ],
  ]
}

function appFiles(): readonly File[] {
  const tab = (name: string, content: Readonly<Record<string, Metadata>>): File => [
    `tabs/${name}.tab-meta.xml`,
    metadataFile('CustomTab', content),
  ]
  return [
    tab(TABS.customers, {
      label: 'Customers at risk',
      lwcComponent: 'holdfastCustomers',
      motif: 'Custom52: Chalkboard',
    }),
    tab(TABS.settings, {
      label: 'Holdfast settings',
      lwcComponent: 'holdfastSettings',
      motif: 'Custom19: Wrench',
    }),
    tab(INTERVENTION.name, { customObject: true, motif: 'Custom22: Telephone' }),
    [
      `applications/${APP_NAME}.app-meta.xml`,
      metadataFile('CustomApplication', {
        label: 'Holdfast',
        description: 'Customers who may leave, what is done for them, and the settings.',
        brand: { headerColor: '#155E63', shouldOverrideOrgTheme: false },
        formFactors: ['Small', 'Large'],
        isNavAutoTempTabsDisabled: false,
        isNavPersonalizationDisabled: false,
        navType: 'Standard',
        tabs: [
          TABS.customers,
          INTERVENTION.name,
          'standard-Account',
          'standard-Contact',
          'standard-Dashboard',
          'standard-report',
          TABS.settings,
        ],
        uiType: 'Lightning',
      }),
    ],
  ]
}
