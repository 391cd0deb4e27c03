export { nearNames } from '@ssmkit/vbox';
