/** Which columns of a file say who a customer is and how it is reached: as stated, else by the feature dictionary. */
import type { ConsentColumn, FileColumns, NamedColumns } from '../../connectors/csv/file-columns.ts'
import { meaningOf } from '../../models/features/categories.ts'
import { columnMatches, headerMatches } from '../../models/features/header.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { key } from '../../models/features/words.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'

/**
 * The id is the column that `holdfast score` takes for it.
 *
 * @param named columns that somebody stated; known to be in the file
 */
export function findFileColumns(profile: TableProfile, named: NamedColumns): FileColumns {
  const mapping = proposeMapping(profile, named.idColumn === undefined ? {} : { id: named.idColumn })
  const id = mapping.columns.find(({ use }) => use === 'id')?.column ?? null
  const others = profile.columns.filter(({ header, kind }) => header !== id && kind !== 'empty')
  const meaning = (name: string): ColumnProfile[] =>
    others.filter((column) => columnMatches(column)[0]?.entry.name === name)
  const spelt = (...keys: readonly string[]): string | null =>
    keys.flatMap((wanted) => others.filter(({ header }) => key(header) === wanted))[0]?.header ?? null
  const consent = (feature: string, stated: string | undefined): ConsentColumn | null =>
    consentColumn(profile, mapping, feature, stated)
  return {
    id,
    name: named.nameColumn === undefined ? nameColumns(meaning('personName')) : [named.nameColumn].flat(),
    email: named.emailColumn ?? meaning('email').find(holdsAddresses)?.header ?? null,
    phone: named.phoneColumn ?? meaning('phone')[0]?.header ?? null,
    language: named.languageColumn ?? spelt(...LANGUAGES),
    zone: named.zoneColumn ?? spelt(...ZONES),
    country: named.countryColumn ?? meaning('country')[0]?.header ?? null,
    parent: named.parentColumn ?? spelt(...PARENTS),
    responsible: {
      name: named.responsibleColumn ?? spelt(...OWNERS),
      email: named.responsibleEmailColumn ?? spelt(...OWNERS.map((owner) => `${owner}email`)),
    },
    consent: {
      email: consent('emailConsent', named.emailConsentColumn),
      sms: consent('smsConsent', named.smsConsentColumn),
      call: consent('callConsent', named.callConsentColumn),
    },
  }
}

const LANGUAGES = ['language', 'preferredlanguage', 'lang', 'locale', 'hslanguage', 'sprache', 'langue']
const ZONES = ['timezone', 'tz', 'zone', 'hstimezone', 'zeitzone']
const PARENTS = [
  'parentid',
  'parentaccountid',
  'parentaccount',
  'hsparentcompanyid',
  'topparentid',
  'parentcompanyid',
]
const OWNERS = [
  'owner',
  'accountowner',
  'accountmanager',
  'customersuccessmanager',
  'csm',
  'responsible',
  'companyowner',
]

/** The company's or the whole name before parts of one; never a web address. */
const NAMES = [
  'company',
  'companyname',
  'accountname',
  'customername',
  'clientname',
  'businessname',
  'organization',
].concat([
  'organisation',
  'name',
  'fullname',
  'contactname',
  'membername',
  'policyholdername',
  'policyholder',
])
const PARTS: readonly (readonly string[])[] = [
  ['firstname', 'lastname'],
  ['givenname', 'familyname'],
  ['firstname', 'surname'],
  ['vorname', 'nachname'],
  ['prenom', 'nom'],
]

function nameColumns(candidates: readonly ColumnProfile[]): readonly string[] {
  const byKey = (wanted: string): string | undefined =>
    candidates.find(({ header }) => key(header) === wanted)?.header
  const whole = NAMES.map(byKey).find((header) => header !== undefined)
  if (whole !== undefined) return [whole]
  const parts = PARTS.map((part) => part.map(byKey)).find((part) =>
    part.every((header) => header !== undefined),
  )
  return (parts as string[] | undefined) ?? []
}

/** Of a column that repeats values they can be seen; any other is taken at its name. */
function holdsAddresses({ values }: ColumnProfile): boolean {
  return values.length === 0 || values.some(({ value }) => value.includes('@'))
}

function consentColumn(
  profile: TableProfile,
  mapping: Mapping,
  feature: string,
  stated: string | undefined,
): ConsentColumn | null {
  const proposed = mapping.columns.find(
    (entry) => entry.feature === feature && (stated === undefined || entry.column === stated),
  )
  const header = stated ?? proposed?.column
  if (header === undefined || !profile.columns.some((column) => column.header === header)) return null
  const entry: MappedColumn = proposed ?? {
    column: header,
    use: 'context',
    feature,
    confidence: 1,
    why: 'named',
    // "Do not call" stays an opt-out when somebody names it.
    ...(headerMatches(header).some((match) => match.inverted) ? { inverted: true } : {}),
  }
  return {
    column: header,
    status: (cell) => {
      const meaning = meaningOf(entry, cell)
      return meaning === 'Yes' ? 'granted' : meaning === 'No' ? 'refused' : 'unknown'
    },
  }
}
