/** Mantine's parts in our colours and sizes; the colours themselves are roles in tokens.css. */
import {
  Anchor,
  Button,
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core'

/** Around the accent of the light theme (6) and of the dark one (3). */
const accent: MantineColorsTuple = [
  '#e8f5f5',
  '#cfe6e7',
  '#9fd3d6',
  '#6fc3c8',
  '#3f9a9f',
  '#237379',
  '#155e63',
  '#124f53',
  '#0e4043',
  '#10282a',
]

export const theme = createTheme({
  fontFamily: 'Inter, system-ui, sans-serif',
  fontSizes: { xs: '12px', sm: '13.5px', md: '14px', lg: '15px', xl: '18px' },
  lineHeights: { xs: '1.45', sm: '1.5', md: '1.5', lg: '1.5', xl: '1.4' },
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  // Contrast is reckoned for the light theme alone; ours are roles, which each theme fills.
  variantColorResolver: (asked) => {
    const usual = defaultVariantColorsResolver(asked)
    const { variant, color = 'accent' } = asked
    if (color === 'red' && variant === 'outline')
      return {
        ...usual,
        color: 'var(--high)',
        border: '1px solid var(--high)',
        hover: 'var(--high-pale)',
        hoverColor: 'var(--high)',
      }
    if (variant !== 'filled' || (color !== 'accent' && color !== 'red')) return usual
    const [ground, ink] = color === 'red' ? ['--high', '--ground'] : ['--accent', '--on-accent']
    return {
      ...usual,
      background: `var(${ground})`,
      hover: `color-mix(in srgb, var(${ground}) 88%, var(--ink))`,
      color: `var(${ink})`,
    }
  },
  colors: { accent },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Anchor: Anchor.extend({ defaultProps: { underline: 'hover' } }),
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
  },
})

/** Where a part of Mantine asks for a colour, it gets the role of tokens.css, which each theme fills. */
const ROLES = {
  '--mantine-color-body': 'var(--ground)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--second)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--raised)',
  '--mantine-color-default-hover': 'var(--side)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-placeholder': 'var(--third)',
  '--mantine-color-error': 'var(--high)',
  '--mantine-color-accent-light': 'var(--accent-pale)',
  '--mantine-color-accent-light-color': 'var(--accent)',
}

export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  // Its parts name its greys by number, each theme another row of them.
  light: {
    ...ROLES,
    '--mantine-color-gray-0': 'var(--side)',
    '--mantine-color-gray-1': 'var(--chosen)',
    '--mantine-color-gray-2': 'var(--line)',
    '--mantine-color-gray-3': 'var(--line)',
    '--mantine-color-gray-4': 'var(--line-strong)',
  },
  dark: {
    ...ROLES,
    '--mantine-color-dark-0': 'var(--ink)',
    '--mantine-color-dark-1': 'var(--second)',
    '--mantine-color-dark-2': 'var(--third)',
    '--mantine-color-dark-3': 'var(--third)',
    '--mantine-color-dark-4': 'var(--line-strong)',
    '--mantine-color-dark-5': 'var(--chosen)',
    '--mantine-color-dark-6': 'var(--raised)',
    '--mantine-color-dark-7': 'var(--chosen)',
    '--mantine-color-dark-8': 'var(--raised)',
    '--mantine-color-dark-9': 'var(--ground)',
  },
})
