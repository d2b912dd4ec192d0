/** Settings: everything that Holdfast goes by, in the order in which one thinks of it. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { useMay, useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { SETTINGS } from '../form/use-save-settings.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import type { FormAnswer } from '../../server/api/settings-form.ts'
import type { VersionLine } from '../../server/api/settings-history.ts'
import type { SettingsAnswer } from '../../server/api/settings-shapes.ts'
import { SettingsEditor } from './settings/editor.tsx'

const HISTORY = '/app/settings/history'

export function SettingsPage() {
  const settings = useRead<SettingsAnswer>(SETTINGS)
  const form = useRead<FormAnswer>('/v1/settings/form')
  return (
    <Loaded read={settings}>
      {(settings) => <Loaded read={form}>{(form) => <Shown settings={settings} form={form} />}</Loaded>}
    </Loaded>
  )
}

function Shown({ settings, form }: { settings: SettingsAnswer; form: FormAnswer }) {
  const mayChange = useMay('admin')
  return (
    <>
      <PageHead
        title="What Holdfast goes by"
        actions={
          <Button component={Link} href={HISTORY} variant="default">
            History
          </Button>
        }
      >
        <LastSaved version={settings.version} />
      </PageHead>
      {!mayChange && (
        <Notice tone="info" title="You may look at the settings and not change them">
          That takes an admin.
          {settings.masked && ' Passwords and keys are not shown, and people’s addresses may be masked.'}
        </Notice>
      )}
      <SettingsEditor newest={settings} form={form} fixed={!mayChange} />
    </>
  )
}

function LastSaved({ version }: { version: number }) {
  const words = useWords()
  const { data } = useRead<{ items: readonly VersionLine[] }>('/v1/settings/versions?limit=1')
  const last = data?.items[0]
  if (version === 0) return 'Nobody saved any yet: all of it is as it ships.'
  if (last === undefined) return `Version ${words.count(version)}.`
  return (
    <>
      Last saved {last.at !== null && <When at={last.at} />}
      {last.who !== null && ` by ${last.who}`}: {last.summary}
    </>
  )
}
