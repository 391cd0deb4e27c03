import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import { areChildrenValid, areValuesValid, type ConfigRules, configTree, validateConfig } from './index.js';

const node = configTree({ Irq: 1, Base: 2, 'LUN#0': {}, 'LUN#1': {}, Config: {} });
const rules = (values: string, nodes: string): ConfigRules => ({ path: '/', values, nodes, who: 'pit', instance: 3 });

describe('validating a configuration', () => {
  const rows: readonly (readonly [rule: string, call: () => unknown, expected: unknown])[] = [
    ['AreValuesValid: all listed', () => areValuesValid(node, ['Base', 'Irq', 'More']), true],
    ['AreValuesValid: one is not', () => areValuesValid(node, ['Base']), false],
    ['AreValuesValid: names are no patterns', () => areValuesValid(node, ['*']), false],
    ['AreValuesValid: null node', () => areValuesValid(undefined, []), true],
    ['AreChildrenValid: all listed', () => areChildrenValid(node, ['LUN#0', 'LUN#1', 'Config']), true],
    ['AreChildrenValid: one is not', () => areChildrenValid(node, ['LUN#0', 'Config']), false],
    ['AreChildrenValid: null node', () => areChildrenValid(undefined, []), true],
    ['ValidateConfig: all match', () => validateConfig(node, rules('Irq|Base', 'LUN#?|Config')), undefined],
    ['ValidateConfig: everything matches *', () => validateConfig(node, rules('*', '*')), undefined],
    ['ValidateConfig: unknown value', () => validateConfig(node, rules('Irq', '*')), 'VERR_CFGM_CONFIG_UNKNOWN_VALUE'],
    ['ValidateConfig: unknown node', () => validateConfig(node, rules('*', 'Config')), 'VERR_CFGM_CONFIG_UNKNOWN_NODE'],
    [
      'ValidateConfig: values come before nodes',
      () => validateConfig(node, rules('', '')),
      'VERR_CFGM_CONFIG_UNKNOWN_VALUE',
    ],
    ['ValidateConfig: null node', () => validateConfig(undefined, rules('', '')), undefined],
    [
      'ValidateConfig: a path without a slash',
      () => validateConfig(node, { ...rules('*', '*'), path: 'x' }),
      'VERR_INVALID_PARAMETER',
    ],
  ];
  for (const [rule, call, expected] of rows) it(rule, () => expect(outcome(call)).to.equal(expected));

  it("ValidateConfig names the first wrong one with its path, and tells the tree's owner", () => {
    const errors: SsmError[] = [];
    const root = configTree(
      { Devices: { pit: { 0: { Config: { Zzz: 1, Frob: 2, Irq: 3 } } } } },
      { onError: (error) => errors.push(error) },
    );
    const config = root.child('Devices/pit/0/Config');
    const validate = () =>
      validateConfig(config, { path: '/Sub/', values: 'Irq|Base', nodes: '', who: 'i8254', instance: 0 });
    const message = 'VERR_CFGM_CONFIG_UNKNOWN_VALUE: i8254/0 takes no configuration value /Sub/Frob; it takes Irq|Base';
    expect(validate).to.throw(message);
    expect(errors.map((error) => error.message)).to.deep.equal([message]);
  });

  it('ValidateConfig names the wrong node', () => {
    expect(() => validateConfig(node, rules('*', ''))).to.throw(
      'pit/3 takes no configuration node /Config; it takes none',
    );
  });
});
