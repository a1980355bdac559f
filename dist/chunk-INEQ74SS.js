import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as r}from"./chunk-YX63RQES.js";import{a as e}from"./chunk-JO6M2EVI.js";function a({columns:s,...t}){return r(s,t)}e(a,"run");var p={url:new URL("./halfSpacesTask.js",import.meta.url).href,run:a};export{a,p as b};
