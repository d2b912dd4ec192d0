/** What an admin sets without leaving HubSpot; the rest is a link away. */
import {
  Alert,
  Button,
  ButtonRow,
  ErrorState,
  Flex,
  Heading,
  Link,
  LoadingButton,
  LoadingSpinner,
  Text,
  type AddAlertAction,
  type CloseOverlayAction,
} from '@hubspot/ui-extensions'
import { useState } from 'react'
import { ask } from './ask.ts'
import type { CardField, CardSettings, CardSettingsSaved } from './contract.ts'
import { Notices } from './notices.tsx'
import { Pause } from './pause.tsx'
import { PATHS } from './place.ts'
import { SettingField, type FieldValue } from './setting-field.tsx'
import { useAsked } from './use-asked.ts'
import { usePress } from './use-press.ts'

export interface SettingsPageProps {
  readonly tell: AddAlertAction
  readonly close: CloseOverlayAction
}

type Values = Readonly<Record<string, FieldValue>>

/**
 * @example
 * hubspot.extend<'settings'>(({ actions }) => <SettingsPage tell={actions.addAlert} close={actions.closeOverlay} />)
 */
export function SettingsPage({ tell, close }: SettingsPageProps) {
  const reading = useAsked<CardSettings>(PATHS.settings)
  const pressing = usePress()
  const [changed, setChanged] = useState<Values>({})
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const settings = reading.value
  const { busy, press, trouble } = pressing

  if (settings === null && reading.trouble === null)
    return <LoadingSpinner label="Loading settings" layout="centered" showLabel />
  if (settings === null)
    return (
      <ErrorState title="The settings could not be read">
        <Text>{reading.trouble?.text}</Text>
        <Button onClick={reading.again} disabled={reading.reading}>
          Try again
        </Button>
      </ErrorState>
    )

  const { sentence, notices, mayChange, mayPause, sections, version, paused } = settings
  const fields = sections.flatMap((section) => section.fields)
  const count = Object.keys(changed).length

  /** What was typed back to what it was is no change. */
  const change = (field: CardField, value: FieldValue): void => {
    setChanged(({ [field.key]: _before, ...others }) =>
      value === field.value ? others : { ...others, [field.key]: value },
    )
    setProblems(({ [field.key]: _told, ...others }) => others)
  }
  const save = (): void =>
    press('save', async () => {
      const { value: saved, trouble: found } = await ask<CardSettingsSaved>(PATHS.settings, {
        version,
        values: changed,
      })
      if (saved === null) {
        // Somebody else saved meanwhile: what stands now is read, and what was typed here stays to be saved over it or not.
        if (found.status === 409) reading.again()
        return found
      }
      reading.set(saved.settings)
      setProblems(saved.problems)
      tell({ type: saved.tone, message: saved.said })
      if (saved.tone === 'success') setChanged({})
      return null
    })

  return (
    <Flex direction="column" gap="md">
      <Text format={{ fontWeight: 'demibold' }}>{sentence}</Text>
      <Notices notices={notices} />
      {reading.trouble === null ? null : (
        <Alert title="The settings could not be read again" variant="warning">
          {reading.trouble.text}
        </Alert>
      )}
      {mayChange ? null : (
        <Alert title="You see how things stand" variant="info">
          Admins of Holdfast change it. Ask one of them, or to be made one.
        </Alert>
      )}
      <Pause
        paused={paused}
        may={mayPause}
        pressing={pressing}
        tell={tell}
        close={close}
        onChanged={reading.set}
      />
      {sections.map((section) => (
        <Flex key={section.key} direction="column" gap="sm">
          <Heading>{section.title}</Heading>
          <Text>{section.text}</Text>
          {section.fields.map((field) => (
            <SettingField
              key={field.key}
              field={field}
              value={field.key in changed ? changed[field.key] : field.value}
              problem={problems[field.key] ?? null}
              off={!mayChange || busy !== null}
              onChange={(value) => change(field, value)}
            />
          ))}
          {section.more === null ? null : (
            <Link href={{ url: section.more.href, external: true }}>{section.more.label}</Link>
          )}
        </Flex>
      ))}
      {trouble === null ? null : (
        <Alert title="That did not work" variant="danger">
          {trouble.text}
        </Alert>
      )}
      {mayChange && fields.length > 0 ? (
        <Flex direction="column" gap="xs">
          <Text variant="microcopy">{count === 0 ? 'Nothing is changed.' : said(count)}</Text>
          <ButtonRow>
            <LoadingButton
              variant="primary"
              loading={busy === 'save'}
              disabled={count === 0 || busy !== null}
              onClick={save}
            >
              Save
            </LoadingButton>
            <Button
              disabled={count === 0 || busy !== null}
              onClick={() => {
                setChanged({})
                setProblems({})
                pressing.clear()
              }}
            >
              Put back
            </Button>
          </ButtonRow>
        </Flex>
      ) : null}
    </Flex>
  )
}

const said = (count: number): string =>
  count === 1 ? '1 change is not saved yet.' : `${count} changes are not saved yet.`
