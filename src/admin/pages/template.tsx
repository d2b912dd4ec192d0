/** One template: its source on the left, on the right what somebody would read. */
import { useParams } from 'wouter'
import { useMay } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { SETTINGS } from '../form/use-save-settings.ts'
import { Back } from '../parts/back.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import type { FormAnswer } from '../../server/api/settings-form.ts'
import type { SettingsAnswer } from '../../server/api/settings-shapes.ts'
import type { TemplateAnswer, TemplatesAnswer } from '../../server/api/templates.ts'
import { languageName } from '../../settings/words.ts'
import { CHANNELS } from './templates.tsx'
import { TemplateEditor } from './templates/editor.tsx'
import type { Place } from './templates/parts.ts'

export function TemplatePage() {
  const { channel, language, action } = useParams() as unknown as Place
  const place = { channel, language: decodeURIComponent(language), action: decodeURIComponent(action) }
  const path = [channel, place.language, place.action].map(encodeURIComponent).join('/')
  const source = useRead<TemplateAnswer>(`/v1/templates/${path}`)
  const all = useRead<TemplatesAnswer>('/v1/templates')
  const settings = useRead<SettingsAnswer>(SETTINGS)
  const form = useRead<FormAnswer>('/v1/settings/form')
  return (
    <Loaded read={source}>
      {(source) => (
        <>
          <Head place={place} source={source} />
          <Loaded read={all}>
            {({ variables }) => (
              <Loaded read={settings}>
                {(settings) => (
                  <Loaded read={form}>
                    {(form) => (
                      <TemplateEditor
                        key={path}
                        place={place}
                        source={source}
                        variables={variables[place.channel].filter(({ offer }) => source.offer || !offer)}
                        newest={settings}
                        form={form}
                      />
                    )}
                  </Loaded>
                )}
              </Loaded>
            )}
          </Loaded>
        </>
      )}
    </Loaded>
  )
}

function Head({ place, source }: { place: Place; source: TemplateAnswer }) {
  const mayChange = useMay('admin')
  const { origin, start, actionName } = source
  const name = languageName(place.language)
  return (
    <>
      <PageHead
        title={`“${actionName}” in ${name}`}
        above={
          <Back href={`/app/templates?channel=${place.channel}`}>
            Templates: {CHANNELS[place.channel].title}
          </Back>
        }
      >
        {origin === 'own'
          ? 'In your own words.'
          : origin === 'shipped'
            ? 'As it ships. What you change becomes your own.'
            : start === null
              ? `Nothing is written in ${name} yet.`
              : `Nothing is written in ${name} yet; below stands the ${languageName(start.language)} one to begin with.`}
      </PageHead>
      {!mayChange && (
        <Notice tone="info" title="You may read templates and not change them">
          That takes an admin.
        </Notice>
      )}
    </>
  )
}
