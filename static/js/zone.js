// Tell the server which time zone this browser is in, for people who have not chosen one.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === "https:";
const name = secure ? "__Host-zone" : "zone";
if (zone && !document.cookie.split("; ").includes(`${name}=${zone}`)) {
  document.cookie = `${name}=${zone}; Path=/; Max-Age=34560000; SameSite=Lax${secure ? "; Secure" : ""}`;
}
