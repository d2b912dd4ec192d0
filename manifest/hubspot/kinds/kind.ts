/** What a kind of component is: one file each beside this one, all of them in kinds.ts. */
import type { z } from 'zod'

export interface ProjectOptions {
  /** Where the installation answers; https, without a slash at its end. */
  readonly publicUrl: string
  /** As people see the app in HubSpot. */
  readonly name: string
  /** private: up to 10 accounts that are named. marketplace: whoever has the link, 25 of them before it is listed. */
  readonly distribution: 'private' | 'marketplace'
  /** Who helps; null: nobody is named, which a listing does not allow. */
  readonly supportEmail: string | null
  /** Project of Sentry that HubSpot sends what goes wrong in the app's pages and calls to; absent or null: nowhere. */
  readonly sentryDataset?: string | null
}

export interface Kind<File = unknown> {
  /** As its files say. */
  readonly type: string
  /** Where its files lie beneath `src`: other places are not read. */
  readonly folder: string
  /** How many of it an app may have. */
  readonly count: 'one' | 'many'
  readonly shape: z.ZodType<File>
  /** What this app has of it, by name of the file without `-hsmeta.json`. */
  readonly files: (options: ProjectOptions) => Readonly<Record<string, File>>
  /** Whether each of it has a page, whose sources lie beside it. */
  readonly pages?: boolean
}

/** @param shape what the files are held to, and what they are */
export const kind =
  <File>(shape: z.ZodType<File>) =>
  (given: Omit<Kind<File>, 'shape'>): Kind<File> => ({ ...given, shape })

/** Each component's own, one place for all: changing one makes another component of it, and what is installed loses the old one. */
export const UIDS = {
  app: 'holdfast_app',
  webhooks: 'holdfast_webhooks',
  recordTab: 'holdfast_card_tab',
  recordSidebar: 'holdfast_card_sidebar',
  pages: 'holdfast_pages',
  settings: 'holdfast_settings',
  scoreMany: 'holdfast_score_many',
  workflow: {
    score: 'holdfast_workflow_score',
    decide: 'holdfast_workflow_decide',
    intervene: 'holdfast_workflow_intervene',
  },
  telemetry: 'holdfast_telemetry',
} as const
