/** Which role somebody has, each with what it may. */
import { Radio, Stack } from '@mantine/core'
import { ROLE_ORDER, ROLES, type Role } from './roles.ts'

export function RoleChoice({ role, choose }: { role: Role; choose: (role: Role) => void }) {
  return (
    <Radio.Group label="Role" value={role} onChange={(value) => choose(value as Role)}>
      <Stack gap={8} mt={6}>
        {ROLE_ORDER.map((one) => (
          <Radio key={one} value={one} label={ROLES[one].word} description={ROLES[one].may} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
