{{- define "lokean.selector" -}}
app.kubernetes.io/name: lokean
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lokean.labels" -}}
{{ include "lokean.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
