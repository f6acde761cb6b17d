module gigarouter/clients

go 1.21

require github.com/sashabaranov/go-openai v1.43.0
