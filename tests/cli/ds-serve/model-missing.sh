ds-serve --model nowhere --port 0
