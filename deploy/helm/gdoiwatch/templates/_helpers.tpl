{{- define "gdoiwatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release's name, with the chart's where it does not say it. 50: a StatefulSet adds to it for its pods. */}}
{{- define "gdoiwatch.fullname" -}}
{{- $name := include "gdoiwatch.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "gdoiwatch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gdoiwatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gdoiwatch.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "gdoiwatch.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* SQLite has one writer: more replicas would poll every router twice. */}}
{{- define "gdoiwatch.replicas" -}}
{{- if kindIs "invalid" .Values.replicas }}
{{- ternary 2 1 .Values.postgres.enabled }}
{{- else if and (gt (int .Values.replicas) 1) (not .Values.postgres.enabled) }}
{{- fail (printf "replicas: %d needs postgres.enabled: SQLite has one writer (allowed without it: 0 or 1)" (int .Values.replicas)) }}
{{- else }}
{{- int .Values.replicas }}
{{- end }}
{{- end }}

{{/* gdoiwatch.yml: the user's, with what belongs to the way it is installed. */}}
{{- define "gdoiwatch.config" -}}
{{- $config := deepCopy .Values.config }}
{{- range $key := list "listen" "store" }}
{{- if hasKey $config $key }}
{{- fail (printf "config.%s: the chart sets it; see service, persistence and postgres" $key) }}
{{- end }}
{{- end }}
{{- if not (or $config.devices $config.targets $config.include) }}
{{- fail "config.devices: [] leaves nothing to watch; give devices, or config.targets" }}
{{- end }}
{{- $store := dict "sqlite" "/var/lib/gdoiwatch/gdoiwatch.db" }}
{{- if .Values.postgres.enabled }}
{{- $url := required "postgres.url: needed with postgres.enabled: true, such as postgres://gdoiwatch@db.example.net/gdoiwatch" .Values.postgres.url }}
{{- $store = dict "postgres" $url "password_file" (printf "/etc/gdoiwatch-secrets/%s" .Values.postgres.passwordKey) }}
{{- with .Values.postgres.caKey }}
{{- $_ := set $store "tls" (dict "ca_file" (printf "/etc/gdoiwatch-secrets/%s" .)) }}
{{- end }}
{{- end }}
{{- $_ := set $config "listen" "0.0.0.0:9848" }}
{{- $_ := set $config "store" $store }}
{{- if .Values.syslog.enabled }}
{{- $_ := set $config "syslog" (merge (dict "listen" "udp://0.0.0.0:5514") (default dict $config.syslog)) }}
{{- end }}
{{- if .Values.traps.enabled }}
{{- $_ := set $config "traps" (merge (dict "listen" "udp://0.0.0.0:1162" "credentials" .Values.traps.credentials) (default dict $config.traps)) }}
{{- end }}
{{- toYaml $config }}
{{- end }}
