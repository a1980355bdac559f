import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as o}from"./chunk-JO6M2EVI.js";function t(r,e){let n=r[e];if(n===void 0)throw new Error(`no entry ${e} of ${r.length}`);return n}o(t,"entry");function u(r,e){let n=r.get(e);if(n===void 0)throw new Error(`no value for ${String(e)}`);return n}o(u,"lookUp");export{t as a,u as b};
