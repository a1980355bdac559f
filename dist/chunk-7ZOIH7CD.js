import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as f}from"./chunk-JO6M2EVI.js";function o(n){let t=n-(n>>>1&1431655765),u=(t&858993459)+(t>>>2&858993459);return Math.imul(u+(u>>>4)&252645135,16843009)>>>24}f(o,"popcount");export{o as a};
