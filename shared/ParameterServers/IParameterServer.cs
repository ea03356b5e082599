using DistMtl.Aggregation.Tables;

namespace DistMtl.ParameterServers;

/// <summary>A parameter server as the coordinator sees it: in its own process, or on a worker.</summary>
public interface IParameterServer
{
    /// <summary>Waits for all gradients of a lane's step, but for rows that the workers hold back, and measures them.</summary>
    /// <exception cref="TimeoutException">They are not all there; the message says what is missing.</exception>
    /// <exception cref="Protocol.JobException">A worker is lost.</exception>
    Task<StepReport> ReportAsync(int lane, TimeSpan deadline, CancellationToken cancellation);

    /// <summary>
    /// Waits for the gradients of table rows that the workers have held back (<see cref="ServerShape.HoldsRows"/>), and
    /// measures them where the update is clipped.
    /// </summary>
    /// <exception cref="TimeoutException">As of <see cref="ReportAsync"/>.</exception>
    /// <exception cref="Protocol.JobException">As of <see cref="ReportAsync"/>.</exception>
    Task<StepReport> ReportRowsAsync(int lane, TimeSpan deadline, CancellationToken cancellation);

    /// <summary>Makes the update of the step that was reported; what is new is sent to the workers.</summary>
    Task UpdateAsync(UpdateOrder order, CancellationToken cancellation);

    /// <summary>Sends what there is to all workers: before the first step, and where workers that do not wait for each other meet.</summary>
    /// <param name="label">The version that it is called by.</param>
    Task PublishAsync(int label, CancellationToken cancellation);

    /// <summary>Brings the coordinator's copy of what the server keeps up to date.</summary>
    Task FetchAsync(CancellationToken cancellation);

    /// <summary>
    /// What has become of the rows that changed since this was asked for last, as far as <see cref="FetchAsync"/> has brought
    /// it: of each table those rows that the server owns.
    /// </summary>
    IReadOnlyList<TableRows> TakeTableChanges();
}
