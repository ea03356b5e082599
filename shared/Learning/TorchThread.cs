using System.Threading.Channels;

namespace DistMtl.Learning;

/// <summary>
/// The one thread of a worker that touches libtorch: its dispose scopes and its no-grad mode belong to a thread, and
/// Akka's threads stay free for heartbeats.
/// </summary>
public sealed class TorchThread : IAsyncDisposable
{
    private const int QueueLength = 16;

    private readonly Channel<Action> _work = Channel.CreateBounded<Action>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TorchThread()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "libtorch" };
        thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the thread, after all that was asked before; its exception is the task's.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync(
            () =>
            {
                try
                {
                    cancellation.ThrowIfCancellationRequested();
                    result.SetResult(work());
                }
                catch (OperationCanceledException e)
                {
                    result.SetCanceled(e.CancellationToken);
                }
                catch (Exception e)
                {
                    // Not swallowed: it is thrown to whoever awaits.
                    result.SetException(e);
                }
            },
            cancellation);
        return await result.Task;
    }

    /// <summary>Ends the thread after the work that is already queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _ended.Task;
    }

    private void Run()
    {
        try
        {
            while (_work.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_work.Reader.TryRead(out var work))
                    work();
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }
}
