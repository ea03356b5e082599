using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace DistMtl.Coordinator.Service;

/// <summary>
/// What a run has said, line by line, for clients that come at any time: each gets the last lines and then every new one
/// until the end. A client that does not read fast enough loses the oldest of what it has not read.
/// </summary>
internal sealed class LineLog
{
    private const int Kept = 2000;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private readonly List<Channel<string>> _readers = [];
    private bool _ended;

    public void Append(string line)
    {
        lock (_gate)
        {
            _lines.Enqueue(line);
            while (_lines.Count > Kept)
                _lines.Dequeue();
            foreach (var reader in _readers)
                reader.Writer.TryWrite(line);
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var reader in _readers)
                reader.Writer.TryComplete();
        }
    }

    public async IAsyncEnumerable<string> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(2 * Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            foreach (var line in _lines)
                channel.Writer.TryWrite(line);
            if (_ended)
                channel.Writer.Complete();
            else
                _readers.Add(channel);
        }
        try
        {
            await foreach (var line in channel.Reader.ReadAllAsync(cancellation))
                yield return line;
        }
        finally
        {
            lock (_gate)
                _readers.Remove(channel);
        }
    }

    /// <summary>A writer whose lines are this log's.</summary>
    public TextWriter Writer() => new LineWriter(this);

    private sealed class LineWriter(LineLog log) : StringWriter
    {
        public override void Write(char value)
        {
            if (value == '\n')
                Take();
            else
                base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            foreach (var value in buffer.AsSpan(index, count))
                Write(value);
        }

        public override void Write(string? value)
        {
            foreach (var character in value ?? "")
                Write(character);
        }

        public override Encoding Encoding => Encoding.UTF8;

        private void Take()
        {
            var builder = GetStringBuilder();
            log.Append(builder.ToString().TrimEnd('\r'));
            builder.Clear();
        }
    }
}
