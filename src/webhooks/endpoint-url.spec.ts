import { describe, expect, it } from 'vitest';
import { faultOfUrl } from './endpoint-url.js';

describe('faultOfUrl', () => {
  it.each([
    'https://shop.example.com/hook',
    'https://shop.example.com:8443/hook?key=1',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
    'https://localhost.example.com/',
    'https://notlocalhost/',
  ])('finds none with %s', (url) => {
    expect(faultOfUrl(url, false)).toBeNull();
    expect(faultOfUrl(url, true)).toBeNull();
  });

  it.each([
    ['nonsense', 'url'],
    ['https://', 'url'],
    ['/hook', 'url'],
    ['http://shop.example.com/', 'scheme'],
    ['ftp://shop.example.com/', 'scheme'],
    ['file:///etc/passwd', 'url'],
    ['javascript:alert(1)', 'url'],
    ['https://ann:secret@shop.example.com/', 'credentials'],
    ['https://ann@shop.example.com/', 'credentials'],
    ['https://localhost/', 'address_not_allowed'],
    ['https://LOCALHOST./', 'address_not_allowed'],
    ['https://a.localhost/', 'address_not_allowed'],
    ['https://127.0.0.1/', 'address_not_allowed'],
    ['https://[::1]/', 'address_not_allowed'],
    ['https://[::ffff:127.0.0.1]/', 'address_not_allowed'],
    ['https://169.254.169.254/latest/meta-data/', 'address_not_allowed'],
    // Spellings that clients know of IPv4.
    ['https://2130706433/', 'address_not_allowed'],
    ['https://0x7f.1/', 'address_not_allowed'],
    ['https://0177.0.0.1/', 'address_not_allowed'],
    ['https://127.1/', 'address_not_allowed'],
    ['https://①②⑦.⓪.⓪.①/', 'address_not_allowed'],
    ['https://0/', 'address_not_allowed'],
  ])('finds that with %s: %s', (url, code) => {
    expect(faultOfUrl(url, false)?.code).toBe(code);
  });

  it('lets http and private hosts pass where that is allowed, and nothing else', () => {
    expect(faultOfUrl('http://127.0.0.1:3001/', true)).toBeNull();
    expect(faultOfUrl('http://localhost/', true)).toBeNull();
    expect(faultOfUrl('http://a:b@localhost/', true)?.code).toBe('credentials');
    expect(faultOfUrl('gopher://localhost/', true)?.code).toBe('scheme');
  });
});
