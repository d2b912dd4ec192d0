import { hubspot } from '@hubspot/ui-extensions'
import { SettingsPage } from './settings-page.tsx'

hubspot.extend<'settings'>(({ actions }) => (
  <SettingsPage tell={actions.addAlert} close={actions.closeOverlay} />
))
